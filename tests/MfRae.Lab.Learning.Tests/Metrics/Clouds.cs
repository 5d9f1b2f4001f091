using MfRae.Lab.Core;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Features with a known distribution, and helpers of the tests.</summary>
internal static class Clouds
{
    /// <summary>float32 [count, width] with deviations from 0.5 to 1.5 times <paramref name="scale"/> and the mean <paramref name="shift"/>.</summary>
    public static Tensor Normal(long seed, long count, long width, double shift = 0, double scale = 1) =>
        (new RandomSource(seed, CPU).Normal("cloud", 0, count, width) * linspace(0.5 * scale, 1.5 * scale, width)) + shift;

    /// <summary>The statistics that those features are drawn from.</summary>
    public static FeatureStatistics Truth(long width, double shift = 0, double scale = 1) =>
        new(full(width, shift, dtype: float64), diag(linspace(0.5 * scale, 1.5 * scale, width, dtype: float64).square()));

    public static double Deviation(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }

    /// <summary>The standard deviation of the normal distribution with this 95 % interval.</summary>
    public static double Deviation(double[] drawn, double value) => Resamples.About(value, drawn) is { } range
        ? (range.High - range.Low) / 3.92
        : throw new InvalidOperationException("the interval is missing");

    public static LabException Refused(Action action) => action.Should().Throw<LabException>().Which;
}
