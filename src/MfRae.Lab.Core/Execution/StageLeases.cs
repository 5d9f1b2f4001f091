using System.Text.Json;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// The right of one coordinator to compute stages. A lease whose owner is dead is taken over at once where the owner
/// was a process of this host, and after <see cref="Expiry"/> without a heartbeat where it was on another.
/// </summary>
public sealed class StageLeases : IDisposable
{
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private const string Suffix = ".lease.json";
    private static readonly Lease Unreadable = new(ProcessIdentity.Unknown, "");
    private readonly Lease mine;
    private readonly HashSet<string> keys;
    private readonly ArtifactStore store;
    private readonly TimeProvider time;
    private long beat;

    private StageLeases(ArtifactStore store, IEnumerable<string> keys, string? experiment, TimeProvider time)
    {
        mine = new(ProcessIdentity.Current(), Guid.NewGuid().ToString("N"), experiment);
        this.store = store;
        this.time = time;
        this.keys = [.. keys];
        beat = time.GetTimestamp();
    }

    /// <summary>Takes all of the leases or none: null where a live process holds one of them.</summary>
    public static StageLeases? TryAcquire(
        ArtifactStore store, IReadOnlyList<StageNode> stages, TimeProvider time, string? experiment = null)
    {
        // Two coordinators that find the same dead owner must not both take over: the look and the writing are one step.
        using var gate = FileLock.Gate(store);
        if (Holder(store, stages, time) is not null)
        {
            return null;
        }

        var leases = new StageLeases(store, stages.Select(stage => stage.Key), experiment, time);
        foreach (var stage in stages)
        {
            var path = PathOf(store, stage.Key);
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(leases.mine, LabJson.Default.Lease));
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }

        return leases;
    }

    /// <summary>Which live process holds which stage, in words; null where all of the stages are free.</summary>
    public static string? Holder(ArtifactStore store, IReadOnlyList<StageNode> stages, TimeProvider time) => stages
        .Select(stage => LiveOwner(store, stage.Key, time) is { } owner ? $"the stage {stage.Label} is being computed by {owner}" : null)
        .FirstOrDefault(held => held is not null);

    /// <summary>
    /// The live process that holds the stage's lease, or null: a stage without one is not running, whatever the database
    /// says.
    /// </summary>
    public static ProcessIdentity? LiveOwner(ArtifactStore store, string key, TimeProvider time)
    {
        var path = PathOf(store, key);
        if (Read(path) is not { } lease)
        {
            return null;
        }

        var live = lease.Owner.IsOnThisHost ? lease.Owner.IsAlive() : time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < Expiry;
        return live ? lease.Owner : null;
    }

    /// <summary>The live processes of this host that hold leases for an experiment: those that run it.</summary>
    public static IReadOnlyList<ProcessIdentity> Coordinators(ArtifactStore store, string experiment) =>
        [.. Keys(store).Select(key => Read(PathOf(store, key))).OfType<Lease>().Where(lease => lease.Experiment == experiment)
            .Select(lease => lease.Owner).Distinct().Where(owner => owner.IsOnThisHost && owner.IsAlive())];

    /// <summary>Tells the others that this process lives; cheap enough to be called often. Returns the keys that were taken away.</summary>
    public IReadOnlyList<string> Refresh()
    {
        if (time.GetElapsedTime(beat) < Heartbeat)
        {
            return [];
        }

        beat = time.GetTimestamp();
        var lost = new List<string>();
        foreach (var key in keys)
        {
            if (Read(PathOf(store, key)) == mine)
            {
                File.SetLastWriteTimeUtc(PathOf(store, key), time.GetUtcNow().UtcDateTime);
            }
            else
            {
                lost.Add(key);
            }
        }

        keys.ExceptWith(lost);
        return lost;
    }

    public void Release(string key)
    {
        if (keys.Remove(key) && Read(PathOf(store, key)) == mine)
        {
            File.Delete(PathOf(store, key));
        }
    }

    public void Dispose()
    {
        foreach (var key in keys.ToList())
        {
            Release(key);
        }
    }

    /// <summary>Keys of all leases, of the living and of the dead.</summary>
    public static IReadOnlyList<string> Keys(ArtifactStore store) => Directory.Exists(store.LockFolder)
        ? [.. Directory.EnumerateFiles(store.LockFolder, "*" + Suffix)
            .Select(path => Path.GetFileName(path)[..^Suffix.Length]).Where(ArtifactName.IsKey).Order(StringComparer.Ordinal)]
        : [];

    private static string PathOf(ArtifactStore store, string key) => Path.Combine(store.LockFolder, ArtifactName.Key(key) + Suffix);

    /// <summary>Leases appear whole, by a rename: one that cannot be read is of a newer version, and its heartbeat says whether it lives.</summary>
    private static Lease? Read(string path)
    {
        try
        {
            return VersionedJson.Read<Lease>(File.ReadAllBytes(path));
        }
        catch (JsonException)
        {
            return Unreadable;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
