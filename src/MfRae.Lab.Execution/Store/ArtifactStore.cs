using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Stores the outputs of stages by key. The folder `KEY` is complete: it appears by a rename, with its manifest. `.partial/KEY` is in
/// progress, `.bad/KEY.N` was set aside, and `.locks` has the leases and locks.
/// </summary>
public sealed class ArtifactStore(string root)
{
    /// <summary>The file name of a manifest.</summary>
    public const string ManifestName = "manifest.json";
    /// <summary>The file name of a spec.</summary>
    public const string SpecName = "spec.json";
    internal const string ReasonName = "reason.txt";

    /// <summary>The absolute path of the store.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>The folder of a complete stage.</summary>
    public string CompleteFolder(string key) => Path.Combine(Root, ArtifactName.Key(key));

    /// <summary>The folder of an incomplete stage.</summary>
    public string PartialFolder(string key) => Path.Combine(Root, ".partial", ArtifactName.Key(key));

    internal string LockFolder => Path.Combine(Root, ".locks");

    internal string BadFolder => Path.Combine(Root, ".bad");

    /// <summary>The keys of all complete stages.</summary>
    public IReadOnlyList<string> CompleteKeys() => KeysIn(Root);

    /// <summary>The keys of all incomplete stages, with or without a running worker.</summary>
    public IReadOnlyList<string> PartialKeys() => KeysIn(Path.Combine(Root, ".partial"));

    /// <summary>The store that a folder `ROOT/.partial/KEY` belongs to.</summary>
    public static ArtifactStore OfPartial(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var store = new ArtifactStore(Path.GetDirectoryName(Path.GetDirectoryName(full)) ?? full);
        return ArtifactName.IsKey(Path.GetFileName(full)) && store.PartialFolder(Path.GetFileName(full)) == full
            ? store
            : throw new LabException($"{folder}: expected a stage's folder STORE/.partial/KEY");
    }

    /// <summary>Whether the manifest exists. Only <see cref="Verify"/> checks the files.</summary>
    public bool IsComplete(string key) => File.Exists(Path.Combine(CompleteFolder(key), ManifestName));

    /// <summary>The current folder of a stage, complete or incomplete, or null.</summary>
    public string? Find(string key) =>
        IsComplete(key) ? CompleteFolder(key) : Directory.Exists(PartialFolder(key)) ? PartialFolder(key) : null;

    /// <summary>The path of the output of a stage's worker, or null if it does not exist.</summary>
    public string? FindLog(string key, int attempt) =>
        Find(key) is { } folder && Path.Combine(folder, LogName(attempt)) is var path && File.Exists(path) ? path : null;

    /// <summary>The outputs of a stage's workers by attempt, from all existing folders of the stage.</summary>
    public IReadOnlyList<(int Attempt, string Path)> LogsOf(string key) =>
        [.. FoldersOf(key).SelectMany(Directory.EnumerateFiles).Select(path => (Attempt: LogAttempt(Path.GetFileName(path)), Path: path))
            .Where(log => log.Attempt > 0).OrderBy(log => log.Attempt)];

    /// <summary>Hashes every file of a complete stage and compares it with the manifest.</summary>
    /// <exception cref="LabException">A newer version of the program wrote the manifest.</exception>
    public ArtifactCheck Verify(string key, CancellationToken stop = default) => ArtifactVerifier.Check(key, CompleteFolder(key), stop);

    /// <summary>The kinds of files that a complete stage has dropped.</summary>
    /// <exception cref="LabException">The manifest or the record of dropped files cannot be read.</exception>
    public StoredFileKinds Dropped(string key) => DroppedFiles(key).Aggregate(StoredFileKinds.None, (all, file) => all | file.Kind);

    /// <summary>The files that a complete stage has dropped, with their kinds.</summary>
    /// <exception cref="LabException">The manifest or the record of dropped files cannot be read.</exception>
    public IReadOnlyList<(string Name, StoredFileKinds Kind)> DroppedFiles(string key) =>
        IsComplete(key) && File.Exists(Path.Combine(CompleteFolder(key), DroppedRecord.Name)) && ReadManifest(key) is var manifest
            ? [.. DroppedRecord.Missing(manifest, CompleteFolder(key)).Select(file => (file.Name, StoredFiles.KindOf(manifest.Kind, file.Name)))]
            : [];

    /// <summary>Reads the manifest of a complete stage.</summary>
    /// <exception cref="LabException">The stage is not complete, or its manifest is invalid.</exception>
    public Manifest ReadManifest(string key)
    {
        var path = Path.Combine(CompleteFolder(key), ManifestName);
        try
        {
            return ManifestSeal.Read(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the manifest: {e.Message}", e);
        }
    }

    /// <summary>Creates the folder in which the stage is computed, readable only by its owner.</summary>
    public string CreatePartial(string key) => CreateFolder(PartialFolder(key));

    /// <summary>Sets a complete stage aside, with the reason in a file. Returns the new folder.</summary>
    public string SetAside(string key, string reason) => MoveToBad(CompleteFolder(key), reason);

    /// <summary>Sets an incomplete stage aside, including its checkpoints.</summary>
    public string SetAsidePartial(string key, string reason) => MoveToBad(PartialFolder(key), reason);

    /// <summary>
    /// The number of the next attempt: one more than any attempt in any folder of the stage, so that a number is never used twice.
    /// </summary>
    public int NextAttempt(string key) => 1 + FoldersOf(key).SelectMany(Attempts).DefaultIfEmpty(0).Max();

    /// <summary>All folders of a stage: set aside, incomplete and complete.</summary>
    public IReadOnlyList<string> FoldersOf(string key)
    {
        if (!ArtifactName.IsKey(key))
        {
            return [];
        }

        var bad = Directory.Exists(BadFolder) ? Directory.GetDirectories(BadFolder, key + ".*") : [];
        return [.. bad.Order(StringComparer.Ordinal).Append(PartialFolder(key)).Append(CompleteFolder(key)).Where(Directory.Exists)];
    }

    /// <summary>
    /// Completes a stage: hashes its files, calls <paramref name="seal"/>, after which the journal no longer changes, writes the manifest,
    /// removes checkpoints and renames the folder. A process that dies in between loses nothing: before the manifest the checkpoints still
    /// exist, after it <see cref="TryPublish"/> does the remaining steps. If the stage was complete and has dropped files, equal files take their
    /// place, and its journal and manifest stay as they were.
    /// </summary>
    public Manifest Complete(StageNode node, Provenance provenance, Action seal)
    {
        var folder = PartialFolder(node.Key);
        if (Directory.EnumerateDirectories(folder).FirstOrDefault() is { } inner)
        {
            throw new InvalidOperationException($"the stage {node.Label} created the folder {inner}; a stage may only write files");
        }

        var names = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
            .Where(name => !IsPassing(name)).Order(StringComparer.Ordinal).ToList();
        if (names.Find(name => !ArtifactName.IsName(name)) is { } wrong)
        {
            throw new InvalidOperationException($"the stage {node.Label} wrote a file named '{wrong}'; a name may have letters, digits and ._-");
        }

        var files = names.Where(name => !JournalFile.IsJournal(name)).Select(name => ArtifactVerifier.Describe(folder, name)).ToList();
        seal();
        if (TryRestore(node.Key, files) is { } restored)
        {
            return restored;
        }

        foreach (var file in files)
        {
            SharedContent.Link(this, node, file);
        }

        files.AddRange(names.Where(JournalFile.IsJournal).Select(name => ArtifactVerifier.Describe(folder, name)));

        var definition = JsonSerializer.SerializeToElement(node.Definition, LabJson.Default.StageDefinition);
        var manifest = new Manifest(ManifestSeal.Format, node.Key, node.Kind, node.Label, definition, node.Seed, node.Inputs, provenance, files);
        AtomicFile.Write(Path.Combine(folder, ManifestName), ManifestSeal.Write(manifest));
        Publish(node.Key);
        return manifest;
    }

    /// <summary>Puts files that were computed again where a complete stage has dropped them. Null if it has not, or if one differs.</summary>
    private Manifest? TryRestore(string key, IReadOnlyCollection<ManifestFile> computed)
    {
        var (folder, partial) = (CompleteFolder(key), PartialFolder(key));
        if (!IsComplete(key) || !File.Exists(Path.Combine(folder, DroppedRecord.Name)))
        {
            return null;
        }

        var manifest = ReadManifest(key);
        var missing = DroppedRecord.Missing(manifest, folder);
        if (missing.Count == 0 || !missing.All(computed.Contains))
        {
            return null;
        }

        foreach (var file in missing)
        {
            File.Move(Path.Combine(partial, file.Name), Path.Combine(folder, file.Name));
        }

        File.Delete(Path.Combine(folder, DroppedRecord.Name));
        try
        {
            Directory.Delete(partial, recursive: true);
        }
        catch (IOException)
        {
            // Windows keeps a file that another process reads. The garbage collection deletes the rest.
        }

        return manifest;
    }

    /// <summary>Completes a stage whose process died between manifest and rename. Returns whether there was such a stage.</summary>
    public bool TryPublish(string key)
    {
        var manifest = Path.Combine(PartialFolder(key), ManifestName);
        if (!File.Exists(manifest))
        {
            return false;
        }

        if (!ArtifactVerifier.Check(key, PartialFolder(key), default).Ok)
        {
            File.Delete(manifest);
            return false;
        }

        Publish(key);
        return true;
    }

    internal static string LogName(int attempt) => $"worker.{attempt.ToString(CultureInfo.InvariantCulture)}.log";

    internal static string CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Whether a file is not part of the artifact. The worker's output is excluded because it may grow while the manifest is written.</summary>
    private static bool IsPassing(string name) =>
        name == ManifestName || LogAttempt(name) > 0
        || name.StartsWith("checkpoint", StringComparison.Ordinal) || name.EndsWith(".aside", StringComparison.Ordinal);

    private static IEnumerable<int> Attempts(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Select(path => Math.Max(JournalFile.AttemptOf(path), LogAttempt(Path.GetFileName(path))))
        : [];

    private static List<string> KeysIn(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(ArtifactName.IsKey)
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Whether a file is the output of a worker.</summary>
    internal static bool IsLog(string name) => LogAttempt(name) > 0;

    private static int LogAttempt(string name) => name.Split('.') is ["worker", var number, "log"]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : 0;

    private void Publish(string key)
    {
        foreach (var checkpoint in Directory.EnumerateFiles(PartialFolder(key), "checkpoint*"))
        {
            File.Delete(checkpoint);
        }

        if (Directory.Exists(CompleteFolder(key)))
        {
            SetAside(key, "another folder of the same stage was completed");
        }

        MoveFolder(PartialFolder(key), CompleteFolder(key));
    }

    /// <summary>Moves a folder of a stage to the folders that were set aside.</summary>
    internal void KeepSetAside(string folder, string key) => MoveFolder(folder, FreeBad(ArtifactName.Key(key)));

    private string FreeBad(string key)
    {
        CreateFolder(BadFolder);
        var number = 1;
        string target;
        do
        {
            target = Path.Combine(BadFolder, $"{key}.{number++.ToString(CultureInfo.InvariantCulture)}");
        }
        while (Directory.Exists(target));
        return target;
    }

    private string MoveToBad(string folder, string reason)
    {
        var target = FreeBad(Path.GetFileName(folder));
        MoveFolder(folder, target);
        File.WriteAllText(Path.Combine(target, ReasonName), reason + "\n");
        return target;
    }

    /// <summary>
    /// Renames a folder and retries for a moment: Windows refuses to rename a folder while a process reads a file in it, and the coordinator
    /// often reads journals briefly.
    /// </summary>
    internal static void MoveFolder(string from, string to)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Move(from, to);
                return;
            }
            catch (Exception e) when (OperatingSystem.IsWindows() && attempt < 20 && e is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(100);
            }
        }
    }

    /// <summary>The complete stages of the store with their provenance, from their manifests. A stage with a damaged manifest is missing here;
    /// the next run sets it aside.</summary>
    public Lineage ReadLineage() => new(key =>
    {
        try
        {
            return ArtifactName.IsKey(key) && IsComplete(key) ? StageFacts.Of(ReadManifest(key)) : null;
        }
        catch (LabException)
        {
            return null;
        }
    });
}
