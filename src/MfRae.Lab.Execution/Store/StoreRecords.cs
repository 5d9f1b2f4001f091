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
/// What the store remembers beside artifacts, in `.plans`: each plan that was run, and what people wrote about it. With the
/// journals it is all that the database is made of.
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
    /// Notes that a run of the plan begins. A run does so before it looks at the store: from then on no stage of the plan is garbage.
    /// </summary>
    /// <param name="source">The checkout in which it is run, or null where that is unknown.</param>
    /// <returns>What was noted, with the hash of the source's patch.</returns>
    /// <exception cref="LabException">The store cannot be written.</exception>
    /// <exception cref="StoreLockedException">Another process has held the store for too long.</exception>
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

    /// <summary>When the plan was first noted; null where it was not, or its record cannot be read and is written again.</summary>
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

    /// <summary>Notes a plan that was run elsewhere; one that is noted already stays as it is.</summary>
    /// <param name="patches">Folder with the patch that it names.</param>
    internal void Add(PlanRecord plan, string patches)
    {
        if (plan.Patch is { } hash)
        {
            var patch = Path.Combine(patches, hash + PatchSuffix);
            Write(PatchPath(hash), File.Exists(patch) && File.ReadAllBytes(patch) is var content
                && Convert.ToHexStringLower(SHA256.HashData(content)) == hash
                    ? content
                    : throw new LabException($"the patch that the plan of {plan.Name} names is not that of the capsule"));
        }

        if (!File.Exists(PathOf(plan.Name, plan.Hash)))
        {
            Write(PathOf(plan.Name, plan.Hash), JsonSerializer.SerializeToUtf8Bytes(plan, LabJson.Default.PlanRecord));
        }
    }

    /// <summary>The bytes of a patch that <see cref="PatchDamage"/> found nothing wrong with.</summary>
    internal byte[] ReadPatch(string hash) => File.ReadAllBytes(PatchPath(hash));

    /// <summary>Every plan, the one begun first first.</summary>
    /// <exception cref="LabException">A record is no record.</exception>
    public IReadOnlyList<PlanRecord> Plans() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*.plan.json").Order(StringComparer.Ordinal)
            .Select(Read<PlanRecord>)
            .OrderBy(plan => plan.Begun)]
        : [];

    /// <summary>Forgets all plans of one name.</summary>
    public void Remove(string name)
    {
        foreach (var plan in Plans().Where(plan => plan.Name == name))
        {
            File.Delete(PathOf(plan.Name, plan.Hash));
        }
    }

    /// <summary>What people wrote, or null where nothing was ever kept.</summary>
    public Annotations? ReadMarks() => Path.Combine(Folder, MarksName) is var path && File.Exists(path)
        ? Read<Annotations>(path)
        : null;

    /// <exception cref="LabException">A newer version of the program wrote the marks that are there, or the store cannot be written.</exception>
    public void WriteMarks(Annotations marks)
    {
        RequireKnownMarks();
        Write(Path.Combine(Folder, MarksName), JsonSerializer.SerializeToUtf8Bytes(marks, LabJson.Default.Annotations));
    }

    /// <summary>Refuses before anything is changed what <see cref="WriteMarks"/> would refuse.</summary>
    /// <exception cref="LabException">A newer version of the program wrote the marks that are there.</exception>
    public void RequireKnownMarks()
    {
        if (Path.Combine(Folder, MarksName) is var path && File.Exists(path) && Bytes(path) is var bytes
            && !VersionedJson.IsKnown<Annotations>(bytes) && TryRead<Annotations>(bytes) is not null)
        {
            throw new LabException($"{path} has fields of a newer version: update the program to change tags, notes and what is archived. "
                + "The file was left as it is.");
        }
    }

    /// <summary>
    /// What is wrong with the patch that a plan names, in a sentence; null where it is as it was or there is none. With its commit
    /// it is the source that the plan was run from.
    /// </summary>
    public string? PatchProblem(PlanRecord plan) => PatchDamage(plan) ?? (plan.PatchOmitted is { } omitted
        ? $"the patch on top of its commit is incomplete: {PrintableText.Of(omitted, LongestReason)}"
        : null);

    /// <summary>The same for the file alone, which may be whole and the patch incomplete from the beginning.</summary>
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
            : throw new LabException($"'{name}' cannot name an experiment: it would be a path");
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
            throw new LabException($"the store {store.Root} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The text of a record. What a newer version of the program noted about the same plan stays in it.</summary>
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

    /// <exception cref="LabException">The record is of a newer format, or the file cannot be read.</exception>
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
            throw new LabException($"{path} cannot be read: {e.Message}", e);
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
            throw new LabException($"{path} cannot be read: {e.Message} Move it away; the next run of that experiment writes it anew.", e);
        }
    }
}

/// <summary>The source that a program is run from.</summary>
/// <param name="Commit">Hash of the commit of the checkout.</param>
/// <param name="Patch">What the working tree has beyond it, as bytes for `git apply`; empty where nothing.</param>
/// <param name="Omitted">What the patch leaves out and why, for "the patch is incomplete: …"; null where it is whole.</param>
public sealed record SourceState(string Commit, byte[] Patch, string? Omitted = null);
