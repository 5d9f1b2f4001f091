using System.Diagnostics;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

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
    private readonly Lease _mine;
    private readonly HashSet<string> _keys;
    private readonly ArtifactStore _store;
    private readonly TimeProvider _time;
    private long _beat;

    private StageLeases(ArtifactStore store, IEnumerable<string> keys, string? experiment, TimeProvider time)
    {
        _mine = new(ProcessIdentity.Current(), Guid.NewGuid().ToString("N"), experiment);
        this._store = store;
        this._time = time;
        this._keys = [.. keys];
        _beat = time.GetTimestamp();
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
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(leases._mine, LabJson.Default.Lease));
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

    public void Release(string key)
    {
        if (_keys.Remove(key) && Read(PathOf(_store, key)) == _mine)
        {
            File.Delete(PathOf(_store, key));
        }
    }

    public void Dispose()
    {
        foreach (var key in _keys.ToList())
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

/// <summary>
/// An exclusive lock of the operating system on a file, which ends with the process that holds it, however it ends. The
/// file stays: removing it would let two processes hold locks of the same name.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream _stream;

    private FileLock(FileStream stream) => this._stream = stream;

    /// <summary>Null where another process, or another part of this one, holds it.</summary>
    /// <exception cref="LabException">The file cannot be made here.</exception>
    public static FileLock? Try(string path)
    {
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (FileFault.Explain(e) is { } fault)
        {
            throw new LabException($"{path} cannot be locked: {fault}", e);
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

    /// <summary>The lock of the whole store, for what must be one step: taking leases, noting a plan, deciding what is garbage.</summary>
    /// <exception cref="StoreLockedException">Another process has held it for half a minute.</exception>
    public static FileLock Gate(ArtifactStore store) =>
        Wait(Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), "gate"), TimeSpan.FromSeconds(30))
            ?? throw new StoreLockedException($"{store.LockFolder} has been locked by another process for 30 seconds");

    /// <summary>The lock that a stage's worker holds while it lives.</summary>
    public static string OfWorker(ArtifactStore store, string key) =>
        Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), ArtifactName.Key(key) + ".worker");

    public void Dispose() => _stream.Dispose();
}

/// <summary>A live process of somebody else works on a stage that is needed, or holds the store or the database.</summary>
public sealed class StoreLockedException(string message) : Exception(message);

/// <summary>As long as it lives, no run begins in the store; and when it began to, none was going on.</summary>
public sealed class IdleStoreLock : IDisposable
{
    private readonly FileLock _gate;

    private IdleStoreLock(FileLock gate) => this._gate = gate;

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
                throw new StoreLockedException($"{owner} computes stages in {store.Root}; wait for it, or stop that process");
            }
        }

        return new(gate);
    }

    public void Dispose() => _gate.Dispose();
}
