using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// The records in `.plans` of the store: each plan that was run, and the annotations. Together with the journals they are enough to rebuild
/// the database.
/// </summary>
public sealed class StoreRecords(ArtifactStore store)
{
    private const int Format = 1;
    private const string MarksName = "marks.json";
    private const int LongestReason = 2_000;
    private const string PatchSuffix = ".patch";
    private const int HashDigits = 32;

    private string Folder => Path.Combine(store.Root, ".plans");

    /// <summary>
    /// Records that a run of the plan begins. A run does this before it surveys the store: from then on no stage of the plan is garbage.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="now">The current time.</param>
    /// <param name="source">The source of the program, or null if it is unknown.</param>
    /// <returns>The record, with the hash of the source's patch.</returns>
    /// <exception cref="LabException">The store cannot be written.</exception>
    /// <exception cref="StoreLockedException">Another process has locked the store for too long.</exception>
    public PlanRecord Begin(Plan plan, DateTimeOffset now, SourceState? source = null)
    {
        var record = PlanRecord.Of(plan, now) with { Commit = source?.Commit, PatchOmitted = source?.Omitted, FirstBegun = Known(plan) ?? now };
        if (source is { Patch.Length: > 0 })
        {
            record = record with { Patch = Convert.ToHexStringLower(SHA256.HashData(source.Patch)) };
            Write(PatchPath(record.Patch), source.Patch);
        }

        var path = PathOf(record.Name, record.Hash);
        Write(path, Updated(path, record));
        return record;
    }

    /// <summary>When the plan was first recorded, or null if it has no readable record.</summary>
    private DateTimeOffset? Known(Plan plan)
    {
        try
        {
            return PathOf(plan.Experiment.Name, plan.Hash) is var path && File.Exists(path)
                && Read<PlanRecord>(path) is var known
                    ? known.FirstBegun ?? known.Begun
                    : null;
        }
        catch (LabException)
        {
            return null;
        }
    }

    /// <summary>Records an imported plan; an existing record is not changed.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="patches">The folder with the patch of the plan.</param>
    internal void Add(PlanRecord plan, string patches)
    {
        if (plan.Patch is { } hash)
        {
            var patch = Path.Combine(patches, hash + PatchSuffix);
            Write(PatchPath(hash), File.Exists(patch) && File.ReadAllBytes(patch) is var content
                && Convert.ToHexStringLower(SHA256.HashData(content)) == hash
                    ? content
                    : throw new LabException($"the patch in the capsule does not belong to the plan of {plan.Name}"));
        }

        if (!File.Exists(PathOf(plan.Name, plan.Hash)))
        {
            Write(PathOf(plan.Name, plan.Hash), JsonSerializer.SerializeToUtf8Bytes(plan, LabJson.Default.PlanRecord));
        }
    }

    /// <summary>Records a plan whose runs grew, in place of its earlier record.</summary>
    internal void Replace(PlanRecord plan) =>
        Write(PathOf(plan.Name, plan.Hash), Updated(PathOf(plan.Name, plan.Hash), plan));

    /// <summary>The bytes of a patch without <see cref="PatchDamage"/>.</summary>
    internal byte[] ReadPatch(string hash) => File.ReadAllBytes(PatchPath(hash));

    /// <summary>All plans, oldest first.</summary>
    /// <exception cref="LabException">A record is invalid.</exception>
    public IReadOnlyList<PlanRecord> Plans() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*.plan.json").Order(StringComparer.Ordinal)
            .Select(Read<PlanRecord>)
            .OrderBy(plan => plan.Begun)]
        : [];

    /// <summary>The plan of each experiment that ran last.</summary>
    /// <exception cref="LabException">A record is invalid.</exception>
    public IReadOnlyList<PlanRecord> CurrentPlans() => Current(Plans());

    /// <summary>The last plan of each experiment.</summary>
    /// <param name="plans">Plans, oldest first.</param>
    public static IReadOnlyList<PlanRecord> Current(IReadOnlyList<PlanRecord> plans) =>
        [.. plans.GroupBy(plan => plan.Name).Select(versions => versions.Last())];

    /// <summary>Removes the records of all plans of an experiment.</summary>
    public void Remove(string name)
    {
        foreach (var plan in Plans().Where(plan => plan.Name == name))
        {
            File.Delete(PathOf(plan.Name, plan.Hash));
        }
    }

    /// <summary>The recorded annotations, or null if there is no record.</summary>
    public Annotations? ReadMarks() => Path.Combine(Folder, MarksName) is var path && File.Exists(path)
        ? Read<Annotations>(path)
        : null;

    /// <summary>Replaces the recorded annotations.</summary>
    /// <exception cref="LabException">A newer version of the program wrote the existing record, or the store cannot be written.</exception>
    public void WriteMarks(Annotations annotations)
    {
        RequireKnownMarks();
        Write(Path.Combine(Folder, MarksName), JsonSerializer.SerializeToUtf8Bytes(annotations, LabJson.Default.Annotations));
    }

    /// <summary>Makes the check of <see cref="WriteMarks"/> before any change.</summary>
    /// <exception cref="LabException">A newer version of the program wrote the existing record.</exception>
    public void RequireKnownMarks()
    {
        if (Path.Combine(Folder, MarksName) is var path && File.Exists(path) && Bytes(path) is var bytes
            && !VersionedJson.IsKnown<Annotations>(bytes) && TryRead<Annotations>(bytes) is not null)
        {
            throw new LabException($"{path} has fields of a newer version: update the program to change tags, notes and archived experiments. "
                + "The file was not changed.");
        }
    }

    /// <summary>
    /// A sentence about a damaged or incomplete patch of a plan, or null if the patch is intact or the plan has none. Commit and patch together
    /// are the source that the plan was run from.
    /// </summary>
    public string? PatchProblem(PlanRecord plan) => PatchDamage(plan) ?? (plan.PatchOmitted is { } omitted
        ? $"the patch on top of its commit is incomplete: {PrintableText.Of(omitted, LongestReason)}"
        : null);

    /// <summary>The same for the file only; an intact file may contain a patch that was incomplete from the beginning.</summary>
    internal string? PatchDamage(PlanRecord plan)
    {
        if (plan.Patch is not { } hash)
        {
            return null;
        }

        if (!ArtifactName.IsKey(hash) || !File.Exists(PatchPath(hash)))
        {
            return "the patch on top of its commit is no longer in the store";
        }

        return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(PatchPath(hash)))) == hash
            ? null
            : $"the patch {PatchPath(hash)} has changed";
    }

    private string PatchPath(string hash) => Path.Combine(Folder, hash + PatchSuffix);

    private string PathOf(string name, string hash)
    {
        var file = $"{name}@{hash[..Math.Min(HashDigits, hash.Length)]}.plan.json";
        return Path.GetFileName(file) == file && !file.Contains('\\')
            ? Path.Combine(Folder, file)
            : throw new LabException($"'{name}' is not allowed as the name of an experiment: it is a path");
    }

    private void Write(string path, byte[] content)
    {
        try
        {
            ArtifactStore.CreateFolder(store.Root);
            ArtifactStore.CreateFolder(Folder);
            using var gate = FileLock.Gate(store);
            AtomicFile.Write(path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{store.Root}: cannot write to the store: {e.Message}", e);
        }
    }

    /// <summary>The text of a record. Unknown fields that a newer version wrote for the same plan are kept.</summary>
    private static byte[] Updated(string path, PlanRecord record)
    {
        var now = JsonSerializer.SerializeToUtf8Bytes(record, LabJson.Default.PlanRecord);
        return File.Exists(path) && Bytes(path) is var old && !VersionedJson.IsKnown<PlanRecord>(old) && TryRead<PlanRecord>(old) is not null
            ? Encoding.UTF8.GetBytes(VersionedJson.Update(JsonNode.Parse(old), JsonNode.Parse(now))!.ToJsonString())
            : now;
    }

    private static T? TryRead<T>(byte[] bytes)
        where T : class
    {
        try
        {
            return VersionedJson.Read<T>(bytes);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="LabException">The record has a newer format, or the file cannot be read.</exception>
    private static byte[] Bytes(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            VersionedJson.RefuseNewer(path, bytes, Format);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the record: {e.Message}", e);
        }
    }

    private static T Read<T>(string path)
        where T : class
    {
        try
        {
            return VersionedJson.Read<T>(Bytes(path));
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}: cannot read the record: {e.Message} Move the file away; the next run of the experiment writes it again.", e);
        }
    }
}

/// <summary>The source of the program.</summary>
/// <param name="Commit">The hash of the commit of the checkout.</param>
/// <param name="Patch">The changes of the working tree since the commit, as bytes for `git apply`; empty without changes.</param>
/// <param name="Omitted">The files that the patch leaves out and the reason, for "the patch is incomplete: …"; null for a complete patch.</param>
public sealed record SourceState(string Commit, byte[] Patch, string? Omitted = null);
