using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Cli.Verbs;

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
