using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Readies the numerics of a worker process, for callers that see no tensor library.</summary>
public static class WorkerNumerics
{
    /// <summary>Takes the device and the threads into use, and says which device it is.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    /// <exception cref="Core.Experiments.LabException">The device is not there.</exception>
    public static string Prepare(string device, int threads)
    {
        ComputeDevice.Prepare(threads);
        return ComputeDevice.Resolve(device).ToString();
    }
}
