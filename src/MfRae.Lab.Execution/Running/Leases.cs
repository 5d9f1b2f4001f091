using System.Diagnostics;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Leases give one coordinator the right to compute stages. The lease of a dead process of this host is taken over at once, the lease of
/// a process on another host after a <see cref="LeaseWatch"/> has seen no heartbeat for the time <see cref="Expiry"/>.
/// </summary>
public sealed class StageLeases : IDisposable
{
    /// <summary>The time after which a lease of another host without a heartbeat is invalid.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(60);

    /// <summary>The age of a heartbeat, by the clock of this host, after which nobody waits to observe the lease: no two clocks differ so much.</summary>
    public static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private const string Suffix = ".lease.json";
    private static readonly Lease Unreadable = new(ProcessIdentity.Unknown, "");
    private readonly Lease _mine;
    private readonly HashSet<string> _keys;
    private readonly ArtifactStore _store;
    private readonly TimeProvider _time;
    private long _beat;

    /// <summary>Distinguishes these leases from all others; a worker compares it with <see cref="IsTakenByAnotherHost"/>.</summary>
    public string Token => _mine.Token;

    private StageLeases(ArtifactStore store, IEnumerable<string> keys, ProcessIdentity owner, string? experiment, TimeProvider time)
    {
        _mine = new(owner, Guid.NewGuid().ToString("N"), experiment);
        _store = store;
        _time = time;
        _keys = [.. keys];
        _beat = time.GetTimestamp();
    }

    /// <summary>Takes all leases, or returns null if a live process holds one of the leases.</summary>
    /// <param name="store">The store.</param>
    /// <param name="stages">The stages.</param>
    /// <param name="time">The clock.</param>
    /// <param name="experiment">The experiment that the stages are computed for.</param>
    /// <param name="watch">Judges the leases of other hosts by earlier observations; null: there is none yet, so each counts as live.</param>
    /// <param name="owner">The process that computes the stages; null: this process.</param>
    public static StageLeases? TryAcquire(
        ArtifactStore store, IReadOnlyList<StageNode> stages, TimeProvider time, string? experiment = null, LeaseWatch? watch = null,
        ProcessIdentity? owner = null)
    {
        // Checking and writing are one step, so that two coordinators that find the same dead owner do not both take over.
        using var gate = FileLock.Gate(store);
        if (Holder(stages, watch ?? new(store, time)) is not null)
        {
            return null;
        }

        var leases = new StageLeases(store, stages.Select(stage => stage.Key), owner ?? ProcessIdentity.Current(), experiment, time);
        foreach (var stage in stages)
        {
            var path = PathOf(store, stage.Key);
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(leases._mine, LabJson.Default.Lease));
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }

        return leases;
    }

    /// <summary>A message about the live process that holds a lease of the stages, or null if all stages are free.</summary>
    public static string? Holder(IReadOnlyList<StageNode> stages, LeaseWatch watch)
    {
        string? holder = null;
        foreach (var stage in stages)
        {
            if (watch.LiveOwner(stage.Key) is { } owner)
            {
                holder ??= $"the stage {stage.Label} is being computed by {owner}";
                // All leases of another host are observed from now on, and not one after another, so that they expire together.
                if (owner.IsOnThisHost)
                {
                    break;
                }
            }
        }

        return holder;
    }

    /// <summary>
    /// The process that holds the stage's lease and seems to live, or null. A stage without a live owner is not running, even if the database
    /// says so. For another host this is a guess, because it compares the clocks of two hosts; a <see cref="LeaseWatch"/> decides who computes.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key of the stage.</param>
    /// <param name="time">The clock.</param>
    /// <param name="expiry">The age of the heartbeat of another host from which its owner counts as dead; <see cref="Expiry"/> by default.</param>
    public static ProcessIdentity? LiveOwner(ArtifactStore store, string key, TimeProvider time, TimeSpan? expiry = null)
    {
        if (Find(store, key) is not var (lease, beat))
        {
            return null;
        }

        var live = lease.Owner.IsOnThisHost ? lease.Owner.IsAlive() : time.GetUtcNow().UtcDateTime - beat < (expiry ?? Expiry);
        return live ? lease.Owner : null;
    }

    /// <summary>
    /// Whether a process of another host holds a lease that was taken over from this host. On one host, the lock of the worker already excludes
    /// two workers of a stage; between hosts, a process that was stopped for a while may find that another computes its stage.
    /// </summary>
    public static bool IsTakenByAnotherHost(ArtifactStore store, string key, string token) =>
        Find(store, key) is var (lease, _) && lease.Token != token && !lease.Owner.IsOnThisHost;

    /// <summary>The lease of a stage with the time of its heartbeat, or null.</summary>
    internal static (Lease Lease, DateTime Beat)? Find(ArtifactStore store, string key)
    {
        // Opening the file before its time is read makes a network file system ask its server for the time.
        var path = PathOf(store, key);
        return Read(path) is { } lease ? (lease, File.GetLastWriteTimeUtc(path)) : null;
    }

    /// <summary>The live processes of this host that hold leases of an experiment, which means that they run it.</summary>
    public static IReadOnlyList<ProcessIdentity> Coordinators(ArtifactStore store, string experiment) =>
        [.. Keys(store).Select(key => Read(PathOf(store, key))).OfType<Lease>().Where(lease => lease.Experiment == experiment)
            .Select(lease => lease.Owner).Distinct().Where(owner => owner.IsOnThisHost && owner.IsAlive())];

    /// <summary>Renews the heartbeat of the leases; cheap enough for frequent calls. Returns the keys of lost leases.</summary>
    public IReadOnlyList<string> Refresh()
    {
        if (_time.GetElapsedTime(_beat) < Heartbeat)
        {
            return [];
        }

        _beat = _time.GetTimestamp();
        var lost = new List<string>();
        foreach (var key in _keys)
        {
            if (Read(PathOf(_store, key)) == _mine)
            {
                File.SetLastWriteTimeUtc(PathOf(_store, key), _time.GetUtcNow().UtcDateTime);
            }
            else
            {
                lost.Add(key);
            }
        }

        _keys.ExceptWith(lost);
        return lost;
    }

    /// <summary>Releases the lease of a stage.</summary>
    public void Release(string key)
    {
        if (_keys.Remove(key) && Read(PathOf(_store, key)) == _mine)
        {
            File.Delete(PathOf(_store, key));
        }
    }

    /// <summary>Releases all leases.</summary>
    public void Dispose()
    {
        foreach (var key in _keys.ToList())
        {
            Release(key);
        }
    }

    /// <summary>The keys of all leases of live and dead processes.</summary>
    public static IReadOnlyList<string> Keys(ArtifactStore store) => Directory.Exists(store.LockFolder)
        ? [.. Directory.EnumerateFiles(store.LockFolder, "*" + Suffix)
            .Select(path => Path.GetFileName(path)[..^Suffix.Length]).Where(ArtifactName.IsKey).Order(StringComparer.Ordinal)]
        : [];

    private static string PathOf(ArtifactStore store, string key) => Path.Combine(store.LockFolder, ArtifactName.Key(key) + Suffix);

    /// <summary>Reads a lease. A lease appears complete, by a rename, so an unreadable lease has a newer format; its heartbeat still counts.</summary>
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

/// <summary>
/// Decides whether the owners of leases live. The owner of a lease on this host is looked up by its process. For another host, clocks are not compared:
/// the heartbeat is a value that changes, and its owner is dead when the value has not changed for <see cref="StageLeases.Expiry"/> on the clock
/// of this process. So a lease of another host is never free at the first look, unless it was abandoned long ago.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="time">The clock.</param>
public sealed class LeaseWatch(ArtifactStore store, TimeProvider time)
{
    private readonly Dictionary<string, (Lease Lease, DateTime Beat, long Since)> _seen = [];

    /// <summary>The live process that holds the stage's lease, or null.</summary>
    public ProcessIdentity? LiveOwner(string key)
    {
        if (StageLeases.Find(store, key) is not var (lease, beat))
        {
            _seen.Remove(key);
            return null;
        }

        if (lease.Owner.IsOnThisHost)
        {
            return lease.Owner.IsAlive() ? lease.Owner : null;
        }

        if (!_seen.TryGetValue(key, out var last) || last.Lease != lease || last.Beat != beat)
        {
            _seen[key] = last = (lease, beat, time.GetTimestamp());
        }

        var still = time.GetElapsedTime(last.Since) >= StageLeases.Expiry || time.GetUtcNow().UtcDateTime - beat > StageLeases.Abandoned;
        return still ? null : lease.Owner;
    }
}

/// <summary>
/// An exclusive file lock of the operating system. It ends with its process, even if that is killed. The file is never removed: removing it
/// would let two processes hold a lock of the same name.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream _stream;

    private FileLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock, or returns null if another process or another part of this process holds it.</summary>
    /// <exception cref="LabException">The file cannot be created.</exception>
    public static FileLock? Try(string path)
    {
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (FileFault.Explain(e) is { } fault)
        {
            throw new LabException($"{path}: cannot lock the file: {fault}", e);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    public static FileLock? Wait(string path, TimeSpan patience)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            if (Try(path) is { } held)
            {
                return held;
            }

            if (waited.Elapsed > patience)
            {
                return null;
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>The lock of the whole store, for atomic steps: taking leases, recording a plan, selecting garbage.</summary>
    /// <exception cref="StoreLockedException">Another process has held the lock for 30 seconds.</exception>
    public static FileLock Gate(ArtifactStore store) =>
        Wait(Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), "gate"), TimeSpan.FromSeconds(30))
            ?? throw new StoreLockedException($"{store.LockFolder}: another process has held the lock for 30 seconds");

    /// <summary>The lock that a stage's worker holds until it exits.</summary>
    public static string OfWorker(ArtifactStore store, string key) =>
        Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), ArtifactName.Key(key) + ".worker");

    public void Dispose() => _stream.Dispose();
}

/// <summary>Another live process works on a stage of the plan, or has locked the store or the database.</summary>
public sealed class StoreLockedException(string message) : Exception(message);

/// <summary>Blocks runs in a store. Taking it requires that no run is in progress.</summary>
public sealed class IdleStoreLock : IDisposable
{
    // Clocks of hosts may differ by minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly FileLock _gate;

    private IdleStoreLock(FileLock gate) => _gate = gate;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="StoreLockedException">A live process computes a stage, or has the store locked.</exception>
    public static IdleStoreLock Require(ArtifactStore store, TimeProvider time)
    {
        ArtifactStore.CreateFolder(store.Root);
        var gate = FileLock.Gate(store);
        foreach (var key in StageLeases.Keys(store))
        {
            if (StageLeases.LiveOwner(store, key, time, Patience) is { } owner)
            {
                gate.Dispose();
                throw new StoreLockedException($"{owner} computes stages in {store.Root}. Wait for that process or stop it.");
            }
        }

        return new(gate);
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _gate.Dispose();
}
