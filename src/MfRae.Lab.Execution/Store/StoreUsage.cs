using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>The disk space of a store by kind of file and by experiment. Content with several names counts once.</summary>
/// <param name="Kinds">All files of the store by kind.</param>
/// <param name="Experiments">Experiments by size, largest first; last the stages that no current plan has.</param>
public sealed record StoreUsage(IReadOnlyList<KindUsage> Kinds, IReadOnlyList<ExperimentUsage> Experiments)
{
    /// <summary>The kind of manifests, journals, images and all other files that are never dropped.</summary>
    public const string Records = "records";

    /// <summary>The kind of folders of stages that are not complete.</summary>
    public const string Unfinished = "unfinished stages";

    /// <summary>The kind of folders that were set aside.</summary>
    public const string SetAside = "set aside";

    /// <summary>The kind of features of images that `evaluate` keeps.</summary>
    public const string Features = "feature cache";

    /// <summary>The kind of folders that a killed collection has not deleted yet.</summary>
    public const string Leftover = "left by an earlier gc";

    /// <summary>Measures a store.</summary>
    /// <exception cref="LabException">A record of the store cannot be read.</exception>
    public static StoreUsage Of(ArtifactStore store)
    {
        var files = Files(store).ToList();
        var stages = files.Where(file => file.Key is not null).ToLookup(file => file.Key!);
        var plans = new StoreRecords(store).CurrentPlans();
        var users = plans.SelectMany(plan => plan.Stages).CountBy(stage => stage.Key).ToDictionary();
        var none = stages.Select(stage => stage.Key).Where(key => !users.ContainsKey(key)).ToList();
        ExperimentUsage Usage(string? name, IReadOnlyCollection<string> keys)
        {
            var mine = keys.SelectMany(key => stages[key]).ToList();
            return new(
                name, keys.Count(stages.Contains), mine.Sum(file => file.Bytes),
                keys.Where(key => users.GetValueOrDefault(key) <= 1).SelectMany(key => stages[key]).Sum(file => file.Bytes), ByKind(mine));
        }

        return new(
            ByKind(files),
            [
                .. plans.Select(plan => Usage(plan.Name, [.. plan.Stages.Select(stage => stage.Key)]))
                    .OrderByDescending(usage => usage.Bytes).ThenBy(usage => usage.Name, StringComparer.Ordinal),
                .. none.Count > 0 ? [Usage(null, none)] : (ExperimentUsage[])[],
            ]);
    }

    private static List<KindUsage> ByKind(IReadOnlyCollection<StoredFile> files) =>
    [
        .. StoredFiles.Names.Concat([Records, Unfinished, SetAside, Features, Leftover])
            .Select(kind => (Kind: kind, Files: files.Where(file => file.Kind == kind).ToList()))
            .Where(kind => kind.Files.Count > 0)
            .Select(kind => new KindUsage(kind.Kind, kind.Files.Count, kind.Files.Sum(file => file.Bytes))),
    ];

    private static IEnumerable<StoredFile> Files(ArtifactStore store)
    {
        if (!Directory.Exists(store.Root))
        {
            yield break;
        }

        var counted = new HashSet<(ulong, ulong)>();
        // Links are not followed: their targets do not belong to the store.
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var folder in new DirectoryInfo(store.Root).EnumerateDirectories().OrderBy(folder => folder.Name, StringComparer.Ordinal))
        {
            var stage = ArtifactName.IsKey(folder.Name) ? StageKind(store, folder.Name) : null;
            foreach (var file in folder.EnumerateFiles("*", options))
            {
                if (Size(file) is not { } size)
                {
                    continue;
                }

                var bytes = HardLink.Shared(file.FullName) is { } content && !counted.Add(content) ? 0 : size;
                var place = Path.GetRelativePath(folder.FullName, file.FullName).Split(Path.DirectorySeparatorChar)[0];
                yield return folder.Name switch
                {
                    ".partial" => new(ArtifactName.IsKey(place) ? place : null, Unfinished, bytes),
                    ".bad" => new(null, SetAside, bytes),
                    "features" => new(null, Features, bytes),
                    ".trash" => new(null, Leftover, bytes),
                    var key when ArtifactName.IsKey(key) => new(key, Name(stage, file.Name), bytes),
                    _ => new(null, Records, bytes),
                };
            }
        }
    }

    // Null if the file was deleted or renamed meanwhile.
    private static long? Size(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static string Name(string? stage, string file) => stage is not null && StoredFiles.KindOf(stage, file) is var kind && kind != StoredFileKinds.None
        ? StoredFiles.Name(kind)
        : Records;

    private static string? StageKind(ArtifactStore store, string key)
    {
        try
        {
            return store.ReadManifest(key).Kind;
        }
        catch (LabException)
        {
            return null;
        }
    }

    private sealed record StoredFile(string? Key, string Kind, long Bytes);
}

/// <summary>The files of one kind.</summary>
public sealed record KindUsage(string Kind, int Files, long Bytes);

/// <summary>The stages of an experiment.</summary>
/// <param name="Name">The name of the experiment; null for the stages that no current plan has.</param>
/// <param name="Stages">The number of its stages with files.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Own">The size of those that no other experiment has.</param>
/// <param name="Kinds">Their files by kind.</param>
public sealed record ExperimentUsage(string? Name, int Stages, long Bytes, long Own, IReadOnlyList<KindUsage> Kinds);
