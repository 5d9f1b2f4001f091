using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>Draws training times (docs/method.md §1).</summary>
public sealed class TimeSampler(TimeSamplerOptions options, TimeShift shift, RandomSource random)
{
    /// <summary>One shifted time for each sample: [B].</summary>
    public Tensor One(long step, long batch) => shift.Apply(Draw("time", step, batch));

    /// <summary>Two shifted times for each sample, sorted, r ≤ t; r = t for <paramref name="equalFraction"/> of them.</summary>
    public (Tensor R, Tensor T) Pair(long step, long batch, double equalFraction)
    {
        var first = shift.Apply(Draw("time", step, batch));
        var second = shift.Apply(Draw("second time", step, batch));
        var t = maximum(first, second);
        var equal = random.Uniform("equal times", step, batch) < equalFraction;
        return (where(equal, t, minimum(first, second)), t);
    }

    private Tensor Draw(string purpose, long step, long batch) => options switch
    {
        UniformTimeOptions => random.Uniform(purpose, step, batch),
        LogitNormalTimeOptions normal => (random.Normal(purpose, step, batch) * normal.Deviation + normal.Mean).sigmoid(),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no sampler"),
    };
}
