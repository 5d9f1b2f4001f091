using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;
using MfRae.Lab.Tracking.Care;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What `doctor` says about the store, the database and the disks that they lie on.</summary>
public sealed class StoreCheckup(Places places, ArtifactStore store, TimeProvider time)
{
    private const long Gigabyte = 1L << 30;
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(5);

    public IEnumerable<Diagnosis> Run() => [.. Store(), Space(), Leases(), Database(), FileSystem()];

    private List<Diagnosis> Store()
    {
        var probe = Path.Combine(store.Root, $".probe.{System.Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(store.Root);
            var before = time.GetUtcNow();
            File.WriteAllText(probe, "");
            var skew = File.GetLastWriteTimeUtc(probe) - before.UtcDateTime;
            File.Delete(probe);
            return
            [
                new("store", Diagnosis.Ok, $"{places.Show(store.Root)} can be written"),
                skew.Duration() < MostSkew
                    ? new("clock", Diagnosis.Ok, "this machine and the store's disk agree")
                    : new("clock", Diagnosis.Warn, string.Create(CultureInfo.InvariantCulture,
                        $"the store's disk is {skew.TotalSeconds:F0} s {(skew > TimeSpan.Zero ? "ahead" : "behind")}"),
                        "Set the clocks: leases of other hosts are judged by them"),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [new("store", Diagnosis.Fail, error.Message, $"Make {store.Root} writable for this user, or give another --store")];
        }
    }

    private Diagnosis Space()
    {
        var free = new DriveInfo(Existing(store.Root)).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)Gigabyte:F1} GB free for {places.Show(store.Root)}");
        return free < Gigabyte / 2 ? new("disk", Diagnosis.Fail, text, "Make room; `gc --dry-run` says what can go")
            : free < 5 * Gigabyte ? new("disk", Diagnosis.Warn, text, "`gc --dry-run` says what can go")
            : new("disk", Diagnosis.Ok, text);
    }

    private Diagnosis Leases()
    {
        var keys = StageLeases.Keys(store);
        var live = keys.Select(key => StageLeases.LiveOwner(store, key, time)).OfType<ProcessIdentity>().ToList();
        var stale = keys.Count - live.Count;
        var working = live.Count == 0 ? "no run is going on" : $"{live.Count} stages held by {string.Join(", ", live.Distinct())}";
        return stale == 0
            ? new("leases", Diagnosis.Ok, working)
            : new("leases", Diagnosis.Warn, $"{working}; {stale} of processes that have ended",
                "Nothing needs to be done: the next run of those stages takes them over");
    }

    private Diagnosis Database()
    {
        if (!File.Exists(places.Database))
            return new("database", Diagnosis.Ok, $"{places.Show(places.Database)} is not there yet; the first run makes it");
        if (NetworkFileSystem.TypeOf(places.Database) is { } type)
            return new("database", Diagnosis.Fail, $"it lies on a network file system ({type})", "Give --db a path on a local disk");
        DatabaseHealth health;
        try
        {
            health = DatabaseCheck.Of(places.Database);
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return new("database", Diagnosis.Fail, error.Message);
        }

        return health.Problems is [var problem, ..]
            ? new("database", Diagnosis.Fail, $"{places.Show(places.Database)}: {problem}", "`db rebuild` makes it anew from the store")
            : new("database", Diagnosis.Ok, $"{places.Show(places.Database)} is whole, schema {health.Schema}");
    }

    private Diagnosis FileSystem() => NetworkFileSystem.TypeOf(store.Root) is { } type
        ? new("file system", Diagnosis.Ok, $"the store lies on a network file system ({type}): other hosts may share it")
        : new("file system", Diagnosis.Ok, "the store lies on a local disk");

    private static string Existing(string path)
    {
        var folder = path;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        return folder;
    }
}
