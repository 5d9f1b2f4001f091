namespace MfRae.Lab.Core.Planning;

/// <summary>`PATH::NAME` in options: the dictionary NAME inside a checkpoint, such as `ema`.</summary>
public static class WeightPath
{
    /// <summary>What separates a file from the dictionary inside it.</summary>
    public const string Inside = "::";

    /// <summary>The file alone.</summary>
    public static string FileOf(string weights) =>
        weights.LastIndexOf(Inside, StringComparison.Ordinal) is >= 0 and var at ? weights[..at] : weights;
}
