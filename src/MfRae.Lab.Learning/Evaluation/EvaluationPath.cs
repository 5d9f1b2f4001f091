using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Where a set of images or its statistics is.</summary>
/// <param name="Given">As the user wrote it.</param>
/// <param name="Full">A file or folder that exists.</param>
/// <param name="Split">train or test, or null.</param>
internal sealed record EvaluationPath(string Given, string Full, string? Split)
{
    public const string Train = "train";
    public const string Test = "test";
    private const string References = "data/references";
    private const string Data = "data";
    private static readonly string[] Extensions = [".npz", ".safetensors", ".pt"];

    /// <summary>Where a folder's split may lie.</summary>
    public IEnumerable<string> SplitFolders => Split == Test
        ? [Path.Combine(Full, Test), Path.Combine(Full, "val")]
        : [Path.Combine(Full, Train)];

    /// <summary>
    /// A path, relative to the working directory, or a name: of a file in data/references, or of a dataset in data. A split may follow
    /// either, as `fashion-mnist:test`.
    /// </summary>
    /// <exception cref="LabException">There is nothing of that name.</exception>
    public static EvaluationPath Find(string given, string workingDirectory)
    {
        var (path, split) = SplitOf(given, workingDirectory);
        var candidates = new List<string> { path };
        if (path.IndexOfAny(['/', '\\']) < 0)
        {
            candidates.AddRange(Extensions.Select(extension => $"{References}/{path}{extension}"));
            candidates.Add($"{Data}/{path}");
        }

        return candidates.Select(candidate => Path.GetFullPath(candidate, workingDirectory))
            .FirstOrDefault(full => File.Exists(full) || Directory.Exists(full)) is { } found
            ? new(given, found, split)
            : throw new LabException($"there is no {string.Join(" nor ", candidates)} below {workingDirectory}: name a folder of images, "
                + "an .npz or .safetensors file, or a dataset's split such as fashion-mnist:test");
    }

    private static (string Path, string? Split) SplitOf(string given, string workingDirectory)
    {
        foreach (var split in new[] { Train, Test })
        {
            if (given.EndsWith(":" + split, StringComparison.Ordinal) && !Path.Exists(Path.GetFullPath(given, workingDirectory)))
                return (given[..^(split.Length + 1)], split);
        }

        return (given, null);
    }
}
