using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// Random tensors as a function of seed, stage, purpose and step. They are drawn on the CPU and moved to the device, so that they are the
/// same on every device.
/// </summary>
/// <param name="stage">The kind of the stage that draws the numbers. It is part of every purpose, so that two stages of one seed share no
/// numbers; empty where numbers belong to no stage.</param>
public sealed class RandomSource(long seed, Device device, string stage = "")
{
    private readonly string _prefix = stage.Length == 0 ? "" : stage + ": ";

    /// <summary>Standard normal numbers of this shape.</summary>
    public Tensor Normal(string purpose, long step, params long[] shape)
    {
        using var generator = For(purpose, step);
        return randn(shape, dtype: float32, generator: generator).Upload(device);
    }

    /// <summary>Uniform numbers in [0, 1) of this shape.</summary>
    public Tensor Uniform(string purpose, long step, params long[] shape)
    {
        using var generator = For(purpose, step);
        return rand(shape, dtype: float32, generator: generator).Upload(device);
    }

    /// <summary>Whole numbers in [0, bound) of this shape.</summary>
    public Tensor Integers(string purpose, long step, long bound, params long[] shape)
    {
        using var generator = For(purpose, step);
        return randint(0, bound, shape, dtype: int64, generator: generator).Upload(device);
    }

    /// <summary>A permutation of 0 … count - 1, on the CPU.</summary>
    public Tensor Permutation(string purpose, long step, long count)
    {
        using var generator = For(purpose, step);
        return randperm(count, dtype: int64, generator: generator);
    }

    private Generator For(string purpose, long step) => new((ulong)Seed.For(seed, _prefix + purpose, step), CPU);
}

/// <summary>
/// The permutations of numpy.random.RandomState(seed), a Mersenne Twister (Matsumoto, Nishimura 1998): published metrics are defined on
/// subsets that it draws. All other random numbers come from <see cref="RandomSource"/>.
/// </summary>
public sealed class NumpyRandom
{
    private const int Size = 624;
    private const int Shift = 397;

    private readonly uint[] _state = new uint[Size];
    private int _next = Size;

    /// <summary>The generator of a seed.</summary>
    public NumpyRandom(uint seed)
    {
        _state[0] = seed;
        for (var i = 1; i < Size; i++)
            _state[i] = unchecked((1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i);
    }

    /// <summary>The numbers 0 … <paramref name="count"/> - 1 in random order.</summary>
    public long[] Permutation(int count)
    {
        var order = new long[count];
        for (var i = 0; i < count; i++)
            order[i] = i;
        for (var i = count - 1; i > 0; i--)
        {
            var j = UpTo((uint)i);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    // Uniform on 0 … maximum: draws numbers with the bits of the maximum until one fits.
    private uint UpTo(uint maximum)
    {
        var mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount(maximum);
        uint value;
        do
        {
            value = Next() & mask;
        }
        while (value > maximum);
        return value;
    }

    private uint Next()
    {
        if (_next == Size)
            Twist();
        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (_state[i] & 0x80000000) | (_state[(i + 1) % Size] & 0x7FFFFFFF);
            _state[i] = _state[(i + Shift) % Size] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
        }
        _next = 0;
    }
}
