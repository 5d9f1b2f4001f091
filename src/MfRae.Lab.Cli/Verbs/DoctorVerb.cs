using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Looks at everything a run needs of the machine, and says what to do where something is not right.</summary>
public sealed class DoctorVerb(Terminal terminal, MachineCheckup machine, StoreCheckup store)
{
    /// <summary>Exit 4 where something would keep a run from working.</summary>
    public int Execute(bool json)
    {
        List<Diagnosis> found = [.. machine.Run(), .. store.Run()];
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.Objects(found, diagnosis =>
                {
                    writer.WriteString("subject", diagnosis.Subject);
                    writer.WriteString("result", diagnosis.Result);
                    writer.WriteString("finding", diagnosis.Finding);
                    writer.WriteString("advice", diagnosis.Advice);
                });
            }));
        }
        else
        {
            foreach (var diagnosis in found)
                terminal.Out.WriteLine($"{diagnosis.Result,-5}{diagnosis.Subject}: {PrintableText.Of(diagnosis.Finding, 500)}"
                    + (diagnosis.Advice is { } advice ? $". {advice}" : ""));
        }

        return found.Any(diagnosis => diagnosis.Result == Diagnosis.Fail) ? ExitCode.Environment : ExitCode.Ok;
    }
}

/// <summary>One thing that `doctor` looked at.</summary>
/// <param name="Result">ok, warn or fail.</param>
/// <param name="Advice">What to do, or null where nothing is to be done.</param>
public sealed record Diagnosis(string Subject, string Result, string Finding, string? Advice = null)
{
    public const string Ok = "ok";
    public const string Warn = "warn";
    public const string Fail = "fail";
}

/// <summary>What `doctor` says about runtime, libtorch, devices and threads.</summary>
/// <param name="checkTorch">Loads libtorch and multiplies two matrices with it.</param>
/// <param name="variable">Reads an environment variable.</param>
public sealed class MachineCheckup(string workingDirectory, Func<TorchCheckup> checkTorch, Func<string, string?> variable)
{
    private const int NeededRuntime = 10;

    public IEnumerable<Diagnosis> Run() => [Runtime(), .. Torch(), Threads(), Source()];

    private static Diagnosis Runtime() => System.Environment.Version.Major >= NeededRuntime
        ? new("runtime", Diagnosis.Ok, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}")
        : new("runtime", Diagnosis.Fail, RuntimeInformation.FrameworkDescription, $"Install .NET {NeededRuntime} or later");

    private IEnumerable<Diagnosis> Torch()
    {
        TorchCheckup torch;
        try
        {
            torch = checkTorch();
        }
        catch (LabException error)
        {
            return [new("libtorch", Diagnosis.Fail, error.Message, "Build again with `dotnet build`; README says what a GPU needs")];
        }

        var packages = PackageList.Numerics(PackageList.OfProcess());
        return
        [
            new("libtorch", Diagnosis.Ok, packages.Length > 0 ? $"loads and computes ({packages})" : "loads and computes"),
            new("devices", Diagnosis.Ok, torch.CudaDevices > 0
                ? string.Create(CultureInfo.InvariantCulture, $"cpu, {torch.CudaDevices} of CUDA")
                : "cpu; no CUDA device, or a build without CUDA"),
        ];
    }

    private Diagnosis Threads()
    {
        var cores = System.Environment.ProcessorCount;
        return variable("OMP_NUM_THREADS") is { Length: > 0 } limit
            && int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads < cores
            ? new("threads", Diagnosis.Warn, $"{cores} processors, but OMP_NUM_THREADS is {threads}",
                "Unset it: the lab shares the threads out itself")
            : new("threads", Diagnosis.Ok, $"{cores} processors");
    }

    private Diagnosis Source() => GitCommit.Of(workingDirectory) is { } commit
        ? commit.EndsWith("-dirty", StringComparison.Ordinal)
            ? new("source", Diagnosis.Ok, $"{commit}: a run notes what differs from the commit")
            : new("source", Diagnosis.Ok, commit)
        : new("source", Diagnosis.Warn, "no git repository here", "Runs will not note which source they were made from");
}

/// <summary>What `doctor` says about the store, the database and the disks that they lie on.</summary>
public sealed class StoreCheckup(LabPaths places, ArtifactStore store, TimeProvider time)
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
