using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Ranks;

/// <summary>Connects a worker with the other ranks of its stage, for callers without a reference to the tensor library.</summary>
public static class WorkerRanks
{
    // OpenMPI and Slurm number the ranks on one machine.
    private static readonly string[] LocalRank = ["OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"];

    /// <summary>The ranks of a stage. A worker of a stage without ranks is the only process.</summary>
    /// <param name="device">The device of this rank (<see cref="DeviceOf"/>).</param>
    /// <exception cref="Core.LabException">MPI, or NCCL for GPUs, is not installed or does not work.</exception>
    public static ICollective Connect(RunSettings settings, string device)
    {
        if (settings.Ranks <= 1)
            return new OneProcess();
        var mpi = MpiCollective.Connect(settings.Ranks);
        var resolved = ComputeDevice.Resolve(device);
        return resolved.type == DeviceType.CUDA ? NcclCollective.Connect(mpi, resolved) : mpi;
    }

    /// <summary>
    /// The device of this process. Ranks on one machine take one GPU each: the next ones after the GPU of the settings, among those that the process
    /// sees.
    /// </summary>
    public static string DeviceOf(RunSettings settings)
    {
        if (settings.Ranks <= 1 || ComputeDevice.Resolve(settings.Device) is not { type: DeviceType.CUDA } first)
            return settings.Device;
        var local = LocalRank.Select(Environment.GetEnvironmentVariable).FirstOrDefault(text => text is not null);
        var number = int.Parse(local ?? "0", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"cuda:{(Math.Max(0, first.index) + number) % cuda.device_count()}");
    }
}
