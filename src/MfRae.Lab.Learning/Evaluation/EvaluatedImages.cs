using MfRae.Lab.Core.Images;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A set of images that was evaluated.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
/// <param name="Shape">CxHxW.</param>
/// <param name="Classes">How many classes the images are of; 0 where they have none.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
public sealed record EvaluatedImages(string Path, string Hash, long Count, string Shape, int Classes, PassedOver? PassedOver = null);
