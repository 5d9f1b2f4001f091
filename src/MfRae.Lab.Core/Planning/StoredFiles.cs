namespace MfRae.Lab.Core.Planning;

/// <summary>
/// The kinds of large files of completed stages that can be computed again. A completed stage may have dropped some of them: its journal,
/// its manifest, its images and its measurements stay.
/// </summary>
[Flags]
public enum StoredFileKinds
{
    /// <summary>Nothing that can be dropped.</summary>
    None = 0,

    /// <summary>Decoded images of a dataset.</summary>
    Data = 1,

    /// <summary>Latents of the training images.</summary>
    Latents = 2,

    /// <summary>The networks of stages, trained or imported.</summary>
    Weights = 4,

    /// <summary>Intermediate weights of a training.</summary>
    Snapshots = 8,

    /// <summary>Generated samples, and the ends of the teacher's ODE.</summary>
    Samples = 16,

    /// <summary>Every kind.</summary>
    All = Data | Latents | Weights | Snapshots | Samples,
}

/// <summary>Which files of a stage are of which <see cref="StoredFileKinds"/>, and the names of the kinds.</summary>
public static class StoredFiles
{
    private static readonly StoredFileKinds[] Each =
        [StoredFileKinds.Data, StoredFileKinds.Latents, StoredFileKinds.Weights, StoredFileKinds.Snapshots, StoredFileKinds.Samples];

    private static readonly string[] Networks = ["network.", "encoder.", "decoder.", "features."];

    /// <summary>The names of all kinds, for the command line.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Each.Select(Name)];

    /// <summary>The kind of a file; None if the file is part of the record of the stage.</summary>
    /// <param name="stage">The kind of the stage.</param>
    /// <param name="name">The name of the file.</param>
    public static StoredFileKinds KindOf(string stage, string name) => !IsTensors(name) ? StoredFileKinds.None : stage switch
    {
        "dataset" => StoredFileKinds.Data,
        "latents" when name.StartsWith("latents.", StringComparison.Ordinal) => StoredFileKinds.Latents,
        "sampling" or "endPoints" => StoredFileKinds.Samples,
        "features" or "encoder" or "decoder" or "teacher" or "cmt" or "meanflow" =>
            name.StartsWith("snapshot.", StringComparison.Ordinal) ? StoredFileKinds.Snapshots
            : Networks.Any(network => name.StartsWith(network, StringComparison.Ordinal)) ? StoredFileKinds.Weights
            : StoredFileKinds.None,
        _ => StoredFileKinds.None,
    };

    /// <summary>The name of a kind: data, latents, weights, snapshots or samples.</summary>
    public static string Name(StoredFileKinds kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The names of several kinds: `data, latents`.</summary>
    public static string Text(StoredFileKinds kinds) => string.Join(", ", Each.Where(kind => kinds.HasFlag(kind)).Select(Name));

    /// <summary>The union of kinds by name; null if a name is unknown.</summary>
    public static StoredFileKinds? Parse(IEnumerable<string> names)
    {
        var kinds = StoredFileKinds.None;
        foreach (string name in names)
        {
            int number = Names.ToList().IndexOf(name);
            if (number < 0)
            {
                return null;
            }

            kinds |= Each[number];
        }

        return kinds;
    }

    /// <summary>The single kinds of a union.</summary>
    public static IEnumerable<StoredFileKinds> Split(StoredFileKinds kinds) => Each.Where(kind => kinds.HasFlag(kind));

    // Weights that are a link to a user's file have the ending .released.
    private static bool IsTensors(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) || name.EndsWith(".released", StringComparison.Ordinal);
}
