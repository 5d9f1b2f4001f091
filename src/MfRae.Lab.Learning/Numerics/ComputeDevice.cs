using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>The device of a worker.</summary>
public static class ComputeDevice
{
    /// <summary>The device of a name: auto (CUDA if available), cpu, cuda or cuda:N.</summary>
    /// <exception cref="LabException">The name is unknown, or the device does not exist.</exception>
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
        {
            throw new LabException(
                $"device '{name}' does not exist: this process sees {count} CUDA devices (a build for CUDA needs -p:Cuda=true, or "
                + "-p:LibTorch=DIR with the folder of a PyTorch for CUDA)");
        }

        return device(DeviceType.CUDA, index);
    }

    /// <summary>
    /// Sets the number of threads inside an operator and disables TF32, which would change the numbers of fp32 (docs/method.md §3).
    /// </summary>
    public static void Prepare(int threads)
    {
        if (threads > 0)
            set_num_threads(threads);
        AllowTf32(false);
    }

    /// <summary>
    /// A tensor of the CPU on the device. For a CUDA device, it is copied from page-locked memory while the processor continues: a plain copy
    /// waits until the device has finished all earlier work.
    /// </summary>
    public static Tensor Upload(this Tensor values, Device device) => device.type == DeviceType.CUDA && values.device_type == DeviceType.CPU
        ? (values.is_pinned() ? values : values.pin_memory()).to(device, non_blocking: true)
        : values.to(device);

    /// <summary>Allows or forbids that CUDA devices round operands of products to TF32, in this process.</summary>
    public static void AllowTf32(bool allow)
    {
        backends.cuda.matmul.allow_tf32 = allow;
        backends.cudnn.allow_tf32 = allow;
    }
}

/// <summary>Checks that libtorch loads and computes on this machine, and lists its devices.</summary>
public sealed record TorchCheckup(int CudaDevices)
{
    /// <summary>Runs the check.</summary>
    /// <exception cref="LabException">libtorch does not load, or returns a wrong result.</exception>
    public static TorchCheckup Run()
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            var square = torch.ones(2, 2).matmul(torch.ones(2, 2));
            var sum = square.sum([0, 1]).item<float>();
            return sum == 8
                ? new(torch.cuda.is_available() ? torch.cuda.device_count() : 0)
                : throw new LabException($"libtorch returned {sum} instead of 8");
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or NotSupportedException
            or BadImageFormatException or EntryPointNotFoundException or System.Runtime.InteropServices.ExternalException)
        {
            throw new LabException($"libtorch does not load: {(error.InnerException ?? error).Message}", error);
        }
    }
}
