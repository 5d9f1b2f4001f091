namespace MfRae.Lab.Core.Statistics;

/// <summary>The SplitMix64 generator: the same numbers from the same seed on every runtime and version.</summary>
internal sealed class SplitMix(ulong state)
{
    private ulong state = state;

    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number below <paramref name="count"/>, by the high half of a 128-bit product.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);
}
