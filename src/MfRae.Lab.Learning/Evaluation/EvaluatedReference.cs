using MfRae.Lab.Core.Images;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What samples were compared with.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Layout">images, or whose layout the statistics are in.</param>
/// <param name="Count">How many images it is of, or null where its file does not say.</param>
/// <param name="Stated">Whether it is known what network and preprocessing it comes from: false for bare statistics.</param>
/// <param name="PassedOver">Entries of a folder of images that are not read as images, or null.</param>
public sealed record EvaluatedReference(
    string Path, string Hash, string Layout, long? Count, bool Stated, PassedOver? PassedOver = null);
