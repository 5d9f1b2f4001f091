using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>Draws training times (docs/method.md §1).</summary>
public sealed class TimeSampler(TimeSamplerOptions options, TimeShift shift, RandomSource random)
{
    /// <summary>One shifted time for each sample: [B].</summary>
    public Tensor One(long step, long batch) => Shifted(random.Uniform("time", step, batch));

    /// <summary>Two shifted times for each sample, sorted, r ≤ t; r = t for the fraction <paramref name="equalFraction"/>.</summary>
    public TimePairs Pair(long step, long batch, double equalFraction) => Pair(
        random.Uniform("time", step, batch), random.Uniform("second time", step, batch), random.Uniform("equal times", step, batch),
        equalFraction);

    /// <summary>Two shifted times from given uniform numbers in [0, 1), each [B].</summary>
    public TimePairs Pair(Tensor first, Tensor second, Tensor equal, double equalFraction)
    {
        var (one, other) = (Shifted(first), Shifted(second));
        var t = maximum(one, other);
        return new(
            where(equal < equalFraction, t, minimum(one, other)), t, options.ReweightsToUniform() ? Weight(first) * Weight(second) : null);
    }

    private Tensor Shifted(Tensor uniform) => shift.Apply(TimeDistribution.FromUniform(options, uniform));

    // The density of U(0, high) divided by that of the shifted time. The shift divides the density by its slope.
    private Tensor Weight(Tensor uniform)
    {
        var time = TimeDistribution.FromUniform(options, uniform);
        var inside = shift.Apply(time) <= ((UniformTimeOptions)options).High;
        return shift.Slope(time) * inside.to(time.dtype);
    }
}

/// <summary>Pairs of times of a batch.</summary>
/// <param name="R">[B], at most <paramref name="T"/>.</param>
/// <param name="T">[B].</param>
/// <param name="Weight">The importance weight of each sample [B], with an expectation of 1; null: all are 1.</param>
public sealed record TimePairs(Tensor R, Tensor T, Tensor? Weight)
{
    /// <summary>The times without the weights.</summary>
    public void Deconstruct(out Tensor r, out Tensor t) => (r, t) = (R, T);
}

/// <summary>Distributions of times before the shift, by inverse CDF (docs/method.md §1).</summary>
public static class TimeDistribution
{
    /// <summary>Uniform numbers in [0, 1) → times, element-wise and in the same type.</summary>
    public static Tensor FromUniform(TimeSamplerOptions options, Tensor uniform) => options switch
    {
        UniformTimeOptions straight => uniform * straight.High,
        LogitNormalTimeOptions normal => LogitNormal(normal, uniform),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no sampler"),
    };

    // Intermediate values are float64 even for float32 numbers: a probability near 1 has no digits left for its distance to 1.
    private static Tensor LogitNormal(LogitNormalTimeOptions options, Tensor uniform)
    {
        var bounds = (tensor(new[] { options.Low, options.High }).logit() - options.Mean) / options.Deviation;
        var within = special.ndtr(bounds).data<double>().ToArray();
        var probability = within[0] + ((within[1] - within[0]) * uniform.to(float64));
        var times = ((special.ndtri(probability) * options.Deviation) + options.Mean).sigmoid();
        return times.clamp(options.Low, options.High).to(uniform.dtype);
    }
}

/// <summary>
/// The shift of times towards noise that a larger latent needs (docs/method.md §1): t ← s t / (1 + (s - 1) t).
/// </summary>
public sealed class TimeShift(double scale)
{
    private const double ReferenceDimension = 4096;

    /// <summary>s; 1: no shift.</summary>
    public double Scale { get; } = scale;

    /// <summary>s = sqrt(D / 4096), at least 1.</summary>
    public static TimeShift For(LatentShape shape) => new(Math.Max(1, Math.Sqrt(shape.Dimension / ReferenceDimension)));

    /// <summary>The shift of training times: that of the options, or else that of the latents.</summary>
    public static TimeShift For(TimeSamplerOptions options, LatentShape shape) =>
        options.ShiftScale() is { } scale ? new(scale) : For(shape);

    /// <summary>The shifted times, element-wise; 0 and 1 do not change.</summary>
    public Tensor Apply(Tensor t) => Scale * t / (1 + ((Scale - 1) * t));

    /// <summary>The shifted time of a single time.</summary>
    public double Apply(double t) => Scale * t / (1 + ((Scale - 1) * t));

    /// <summary>The derivative of the shifted time by the time, element-wise: s at 0, 1/s at 1.</summary>
    public Tensor Slope(Tensor t) => Scale / (1 + ((Scale - 1) * t)).square();

    /// <summary>
    /// The shifted grid of <paramref name="steps"/> equal steps from 1 down to <paramref name="end"/>, which is a time before the
    /// shift: steps + 1 times.
    /// </summary>
    public double[] Grid(int steps, double end = 0) =>
        [.. Enumerable.Range(0, steps + 1).Select(i => Apply(1 - ((1 - end) * i / steps)))];
}
