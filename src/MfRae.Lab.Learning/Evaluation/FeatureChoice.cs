namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A feature network as the user asked for it.</summary>
/// <param name="Name">inception, embedded, dinov2, or a file: of TorchScript, or of a network that describes itself.</param>
/// <param name="Weights">Where its weights are; null for the usual place.</param>
/// <param name="Resizing">Of inception: pytorchFid or tensorFlow.</param>
/// <param name="Size">Of TorchScript: side that images are resized to; 0 leaves them.</param>
/// <param name="Mean">Of TorchScript: of each colour in [0, 1].</param>
/// <param name="Deviation">Of TorchScript: of each colour.</param>
public sealed record FeatureChoice(
    string Name, string? Weights, string Resizing, int Size, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    public const string Inception = "inception";
    public const string Embedded = "embedded";
    public const string Dinov2 = "dinov2";

    /// <summary>What --resizing may say; the first is the default.</summary>
    public static IReadOnlyList<string> Resizings { get; } = ["pytorchFid", "tensorFlow"];
}
