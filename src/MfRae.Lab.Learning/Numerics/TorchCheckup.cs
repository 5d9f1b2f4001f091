using MfRae.Lab.Core.Experiments;
using TorchSharp;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>Whether libtorch loads and computes on this machine, and what devices it sees.</summary>
public sealed record TorchCheckup(int CudaDevices)
{
    /// <exception cref="LabException">It does not load, or does not compute as it should.</exception>
    public static TorchCheckup Run()
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            var square = torch.ones(2, 2).matmul(torch.ones(2, 2));
            var sum = square.sum([0, 1]).item<float>();
            return sum == 8
                ? new(torch.cuda.is_available() ? torch.cuda.device_count() : 0)
                : throw new LabException($"libtorch computes {sum} where 8 is right");
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or NotSupportedException
            or BadImageFormatException or EntryPointNotFoundException or System.Runtime.InteropServices.ExternalException)
        {
            throw new LabException($"libtorch does not load: {(error.InnerException ?? error).Message}", error);
        }
    }
}
