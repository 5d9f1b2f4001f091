namespace MfRae.Lab.Core.Options;

/// <summary>Options that name files. The contents of the files are part of a stage's key, so replacing a file changes the key.</summary>
public interface IReadsFiles
{
    /// <summary>The paths of the files or folders, as the options give them: relative to the working directory.</summary>
    IEnumerable<string> Files();
}

/// <summary>A path in options: `PATH`, or `PATH::NAME` for the dictionary NAME inside a checkpoint, such as `ema`.</summary>
public static class WeightPath
{
    /// <summary>Separates the file from the name of the dictionary inside it.</summary>
    public const string Inside = "::";

    /// <summary>The example of a path as JSON.</summary>
    internal const string Example = "\"data/weights/FILE.safetensors\"";

    /// <summary>The path of the file, without the dictionary.</summary>
    public static string FileOf(string weights) =>
        weights.LastIndexOf(Inside, StringComparison.Ordinal) is >= 0 and var at ? weights[..at] : weights;
}
