using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>Draws training times (docs/method.md §1).</summary>
public sealed class TimeSampler(TimeSamplerOptions options, TimeShift shift, RandomSource random)
{
    /// <summary>One shifted time for each sample: [B].</summary>
    public Tensor One(long step, long batch) => Shifted(random.Uniform("time", step, batch));

    /// <summary>Two shifted times for each sample, sorted, r ≤ t; r = t for <paramref name="equalFraction"/> of them.</summary>
    public (Tensor R, Tensor T) Pair(long step, long batch, double equalFraction) => Pair(
        random.Uniform("time", step, batch), random.Uniform("second time", step, batch), random.Uniform("equal times", step, batch),
        equalFraction);

    /// <summary>The same from given uniform numbers in [0, 1), each [B].</summary>
    public (Tensor R, Tensor T) Pair(Tensor first, Tensor second, Tensor equal, double equalFraction)
    {
        var (one, other) = (Shifted(first), Shifted(second));
        var t = maximum(one, other);
        return (where(equal < equalFraction, t, minimum(one, other)), t);
    }

    private Tensor Shifted(Tensor uniform) => shift.Apply(TimeDistribution.FromUniform(options, uniform));
}
