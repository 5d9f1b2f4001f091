using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

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

    // Uniform numbers of float32 still need float64 on the way: a probability near 1 has no digits left for its distance to 1.
    private static Tensor LogitNormal(LogitNormalTimeOptions options, Tensor uniform)
    {
        var bounds = (tensor(new[] { options.Low, options.High }).logit() - options.Mean) / options.Deviation;
        var within = special.ndtr(bounds).data<double>().ToArray();
        var probability = within[0] + ((within[1] - within[0]) * uniform.to(float64));
        var times = ((special.ndtri(probability) * options.Deviation) + options.Mean).sigmoid();
        return times.clamp(options.Low, options.High).to(uniform.dtype);
    }
}
