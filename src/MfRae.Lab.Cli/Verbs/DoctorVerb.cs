using System.CommandLine;
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

/// <summary>`doctor`: checks everything on this machine that a run needs, and gives advice for each problem; with --gpu, a device computes.</summary>
internal static class DoctorVerb
{
    public static Command Create(LabContext lab)
    {
        var json = CommonOptions.Json();
        var gpu = new Option<bool>("--gpu")
        {
            Description = "Compare the results of a GPU with those of the CPU instead: products, a training step of each objective, derivatives, speed",
        };
        var device = CommonOptions.Device();
        device.Description = "The device of --gpu: cuda, cuda:N, or cpu to try the self-test itself";
        device.DefaultValueFactory = _ => "cuda";
        var command = new Verb("doctor", "Check runtime, libtorch, disks, store and database, with advice for each problem", "--json") { json, gpu, device };
        command.Validators.Add(result =>
        {
            if (result.GetResult(device) is { Implicit: false } && !result.GetValue(gpu))
                result.AddError("--device needs --gpu");
        });
        command.SetAction(parsed => parsed.GetValue(gpu)
            ? DoctorGpu.Execute(lab.For(parsed), parsed.GetRequiredValue(device), parsed.GetValue(json))
            : Execute(lab.For(parsed), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, bool json)
    {
        List<Diagnosis> found =
        [
            .. new MachineCheckup(lab.WorkingDirectory).Run(),
            .. new StoreCheckup(lab.Paths, lab.Store, lab.Time).Run(),
        ];
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(found));
        }
        else
        {
            foreach (var diagnosis in found)
            {
                lab.Terminal.Out.WriteLine($"{diagnosis.Result,-5}{diagnosis.Subject}: {PrintableText.Of(diagnosis.Finding, 500)}"
                    + (diagnosis.Advice is { } advice ? $". {advice}" : ""));
            }
        }

        return found.Any(diagnosis => diagnosis.Result == Diagnosis.Fail) ? ExitCode.Environment : ExitCode.Ok;
    }
}

/// <summary>The result of one check. `doctor --json` prints its properties in this order.</summary>
/// <param name="Result">ok, warn or fail. After a fail, runs do not work.</param>
/// <param name="Advice">What to do; null if nothing is to be done.</param>
internal sealed record Diagnosis(string Subject, string Result, string Finding, string? Advice = null)
{
    public const string Ok = "ok";
    public const string Warn = "warn";
    public const string Fail = "fail";
}

/// <summary>Checks the runtime, libtorch, the devices, the threads and the source.</summary>
internal sealed class MachineCheckup(string workingDirectory)
{
    private const int NeededRuntime = 10;

    public IEnumerable<Diagnosis> Run() => [Runtime(), .. Torch(), Threads(), Source()];

    private static Diagnosis Runtime() => System.Environment.Version.Major >= NeededRuntime
        ? new("runtime", Diagnosis.Ok, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}")
        : new("runtime", Diagnosis.Fail, RuntimeInformation.FrameworkDescription, $"Install .NET {NeededRuntime} or later");

    private static IEnumerable<Diagnosis> Torch()
    {
        TorchCheckup torch;
        try
        {
            torch = TorchCheckup.Run();
        }
        catch (LabException error)
        {
            return [new("libtorch", Diagnosis.Fail, error.Message, "Build again with `dotnet build`; README.md describes the setup of a GPU")];
        }

        var packages = PackageList.Numerics(PackageList.OfProcess());
        return
        [
            new("libtorch", Diagnosis.Ok, packages.Length > 0 ? $"loads and computes ({packages})" : "loads and computes"),
            new("devices", Diagnosis.Ok, torch.CudaDevices > 0
                ? string.Create(CultureInfo.InvariantCulture, $"cpu and {torch.CudaDevices} CUDA device{(torch.CudaDevices == 1 ? "" : "s")}")
                : "cpu; no CUDA device found, or this build has no CUDA"),
        ];
    }

    private static Diagnosis Threads()
    {
        var cores = System.Environment.ProcessorCount;
        return System.Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is { Length: > 0 } limit
            && int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads < cores
            ? new("threads", Diagnosis.Warn, $"{cores} processors, but OMP_NUM_THREADS is {threads}",
                "Unset it: the lab distributes the threads over its workers")
            : new("threads", Diagnosis.Ok, $"{cores} processors");
    }

    private Diagnosis Source() => GitCommit.Of(workingDirectory) is { } commit
        ? commit.EndsWith("-dirty", StringComparison.Ordinal)
            ? new("source", Diagnosis.Ok, $"{commit}; runs also record the uncommitted changes")
            : new("source", Diagnosis.Ok, commit)
        : new("source", Diagnosis.Warn, "not a git repository", "Runs will not record the source that they were made from");
}

/// <summary>Checks the store, the database and their disks.</summary>
internal sealed class StoreCheckup(LabPaths paths, ArtifactStore store, TimeProvider time)
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
                new("store", Diagnosis.Ok, $"{paths.Show(store.Root)} is writable"),
                skew.Duration() < MostSkew
                    ? new("clock", Diagnosis.Ok, "the clocks of this machine and of the store's disk agree")
                    : new("clock", Diagnosis.Warn, string.Create(CultureInfo.InvariantCulture,
                        $"the clock of the store's disk is {skew.Duration().TotalSeconds:F0} s {(skew > TimeSpan.Zero ? "ahead" : "behind")}"),
                        "Synchronise the clocks: `ls` and `status` guess by them whether another host still works"),
                Locks(),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [new("store", Diagnosis.Fail, error.Message, $"Make {store.Root} writable for this user, or choose another folder with --store")];
        }
    }

    private Diagnosis Locks() => LockCheck.Excludes(store.Root, LabContext.Words()) switch
    {
        true => new("locks", Diagnosis.Ok, "a second process cannot take a lock that the first one holds"),
        false => new("locks", Diagnosis.Fail, $"{paths.Show(store.Root)} has no locks: two processes held the same one",
            "Use a file system with flock (Lustre: mount with -o flock), or only one command at a time"),
        null => new("locks", Diagnosis.Warn, "the second process of the check did not run", "Try `doctor` from the shell that starts runs"),
    };

    private Diagnosis Space()
    {
        var free = new DriveInfo(Existing(store.Root)).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)Gigabyte:F1} GB free for {paths.Show(store.Root)}");
        return free < Gigabyte / 2 ? new("disk", Diagnosis.Fail, text, "Free some space; `gc --dry-run` shows what can be deleted")
            : free < 5 * Gigabyte ? new("disk", Diagnosis.Warn, text, "`gc --dry-run` shows what can be deleted")
            : new("disk", Diagnosis.Ok, text);
    }

    private Diagnosis Leases()
    {
        var keys = StageLeases.Keys(store);
        var live = keys.Select(key => StageLeases.LiveOwner(store, key, time)).OfType<ProcessIdentity>().ToList();
        var stale = keys.Count - live.Count;
        var working = live.Count == 0 ? "no run is active" : $"{live.Count} stages held by {string.Join(", ", live.Distinct())}";
        return stale == 0
            ? new("leases", Diagnosis.Ok, working)
            : new("leases", Diagnosis.Warn, $"{working}; {stale} held by processes that have exited",
                "No action needed: the next run of these stages takes over the leases");
    }

    private Diagnosis Database()
    {
        if (!File.Exists(paths.Database))
            return new("database", Diagnosis.Ok, $"{paths.Show(paths.Database)} does not exist yet; the first run creates it");
        if (NetworkFileSystem.TypeOf(paths.Database) is { } type)
            return new("database", Diagnosis.Fail, $"{paths.Show(paths.Database)} is on a network file system ({type})", "Choose a path on a local disk with --db");
        DatabaseHealth health;
        try
        {
            health = DatabaseCheck.Of(paths.Database);
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return new("database", Diagnosis.Fail, error.Message);
        }

        return health.Problems is [var problem, ..]
            ? new("database", Diagnosis.Fail, $"{paths.Show(paths.Database)}: {problem}", "`db rebuild` rebuilds it from the store")
            : new("database", Diagnosis.Ok, $"{paths.Show(paths.Database)}: no problems found, schema {health.Schema}");
    }

    private Diagnosis FileSystem() => NetworkFileSystem.TypeOf(store.Root) is { } type
        ? new("file system", Diagnosis.Ok, $"the store is on a network file system ({type}): other hosts may share it")
        : new("file system", Diagnosis.Ok, "the store is on a local disk");

    private static string Existing(string path)
    {
        var folder = path;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        return folder;
    }
}
