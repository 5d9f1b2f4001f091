using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// Random tensors that are a function of seed, purpose and step. They are drawn on the CPU and moved, so that a device
/// does not change them.
/// </summary>
public sealed class RandomSource(long seed, Device device)
{
    /// <summary>Standard normal numbers of this shape.</summary>
    public Tensor Normal(string purpose, long step, params long[] shape)
    {
        using var generator = For(purpose, step);
        return randn(shape, dtype: float32, generator: generator).to(device);
    }

    /// <summary>Uniform numbers in [0, 1) of this shape.</summary>
    public Tensor Uniform(string purpose, long step, params long[] shape)
    {
        using var generator = For(purpose, step);
        return rand(shape, dtype: float32, generator: generator).to(device);
    }

    /// <summary>Whole numbers in [0, bound) of this shape.</summary>
    public Tensor Integers(string purpose, long step, long bound, params long[] shape)
    {
        using var generator = For(purpose, step);
        return randint(0, bound, shape, dtype: int64, generator: generator).to(device);
    }

    /// <summary>A permutation of 0 … count - 1, on the CPU.</summary>
    public Tensor Permutation(string purpose, long step, long count)
    {
        using var generator = For(purpose, step);
        return randperm(count, dtype: int64, generator: generator);
    }

    private Generator For(string purpose, long step) => new((ulong)Seed.For(seed, purpose, step), CPU);
}
