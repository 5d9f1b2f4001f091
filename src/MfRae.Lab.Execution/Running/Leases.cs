using System.Diagnostics;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Leases give one coordinator the right to compute stages. The lease of a dead process of this host is taken over at once, the lease of
/// a process on another host after <see cref="Expiry"/> without a heartbeat.
/// </summary>
public sealed class StageLeases : IDisposable
{
    /// <summary>The time after which a lease of another host without a heartbeat is invalid.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private const string Suffix = ".lease.json";
    private static readonly Lease Unreadable = new(ProcessIdentity.Unknown, "");
    private readonly Lease _mine;
    private readonly HashSet<string> _keys;
    private readonly ArtifactStore _store;
    private readonly TimeProvider _time;
    private long _beat;

    private StageLeases(ArtifactStore store, IEnumerable<string> keys, string? experiment, TimeProvider time)
    {
        _mine = new(ProcessIdentity.Current(), Guid.NewGuid().ToString("N"), experiment);
        _store = store;
        _time = time;
        _keys = [.. keys];
        _beat = time.GetTimestamp();
    }

    /// <summary>Takes all leases, or returns null if a live process holds one of the leases.</summary>
    public static StageLeases? TryAcquire(
        ArtifactStore store, IReadOnlyList<StageNode> stages, TimeProvider time, string? experiment = null)
    {
        // Checking and writing are one step, so that two coordinators that find the same dead owner do not both take over.
        using var gate = FileLock.Gate(store);
        if (Holder(store, stages, time) is not null)
        {
            return null;
        }

        var leases = new StageLeases(store, stages.Select(stage => stage.Key), experiment, time);
        foreach (var stage in stages)
        {
            var path = PathOf(store, stage.Key);
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(leases._mine, LabJson.Default.Lease));
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }

        return leases;
    }

    /// <summary>A message about the live process that holds a lease of the stages, or null if all stages are free.</summary>
    public static string? Holder(ArtifactStore store, IReadOnlyList<StageNode> stages, TimeProvider time) => stages
        .Select(stage => LiveOwner(store, stage.Key, time) is { } owner ? $"the stage {stage.Label} is being computed by {owner}" : null)
        .FirstOrDefault(held => held is not null);

    /// <summary>
    /// The live process that holds the stage's lease, or null. A stage without a live owner is not running, even if the database says so.
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
            if (StageLeases.LiveOwner(store, key, time) is { } owner)
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
