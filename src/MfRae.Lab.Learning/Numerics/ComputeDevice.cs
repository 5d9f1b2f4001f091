using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>The device that a worker computes on.</summary>
public static class ComputeDevice
{
    /// <summary>auto (CUDA where there is one), cpu, cuda or cuda:N.</summary>
    /// <exception cref="LabException">The word is not one of these, or the device is not there.</exception>
    public static Device Resolve(string name)
    {
        if (name == "cpu" || (name == "auto" && !cuda.is_available()))
            return CPU;
        var index = name switch
        {
            "auto" or "cuda" => 0,
            _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name[5..], out var n) && n >= 0 => n,
            _ => throw new LabException($"unknown device '{name}': use auto, cpu, cuda or cuda:N"),
        };
        var count = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= count)
            throw new LabException(
                $"device '{name}' is not there: this process sees {count} CUDA devices (a CUDA build needs -p:Cuda=true)");
        return device(DeviceType.CUDA, index);
    }

    /// <summary>
    /// Uses so many threads inside an operator and forbids TF32, which would change the numbers of fp32 (docs/method.md
    /// §3).
    /// </summary>
    public static void Prepare(int threads)
    {
        if (threads > 0)
            set_num_threads(threads);
        AllowTf32(false);
    }

    /// <summary>Whether CUDA devices may round what they multiply to TF32, in this process.</summary>
    public static void AllowTf32(bool allow)
    {
        backends.cuda.matmul.allow_tf32 = allow;
        backends.cudnn.allow_tf32 = allow;
    }
}
