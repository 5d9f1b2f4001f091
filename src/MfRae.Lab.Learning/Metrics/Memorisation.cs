using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Whether samples lie nearer to training images than images do that were never trained on (docs/method.md §9). The distance is
/// the one to the nearest training image in feature space.
/// </summary>
/// <param name="Ratio">Median distance of samples, divided by that of test images; copies are near 0, new images near or above 1.</param>
/// <param name="RatioRange">95 % interval, or null.</param>
/// <param name="Share">Share of samples nearer than the 1 % quantile of test images, which would be 1 % of test images.</param>
/// <param name="ShareRange">95 % interval, or null.</param>
public sealed record Memorisation(double Ratio, Interval? RatioRange, double Share, Interval? ShareRange)
{
    private const double Near = 0.01;

    /// <summary>samples [N, F], test [M, F] and train [K, F].</summary>
    /// <exception cref="LabException">Most test images are training images.</exception>
    public static Memorisation Of(Tensor samples, Tensor test, Tensor train, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        var rows = new FeatureRows(train, "the training images");
        Tensor Nearest(Tensor features, string what) => NearestRows.Of(new FeatureRows(features, what), rows, 1).Squared.flatten().sqrt();

        var (own, others) = (Nearest(samples, "the samples"), Nearest(test, "the test images"));
        double[] sorted = [.. others.data<double>().ToArray().Order()];
        var median = Bootstrap.Quantile(sorted, 0.5);
        if (median == 0)
            throw new LabException("memorisation compares with images that were never trained on, but most test images are training images");
        var near = own.lt(Bootstrap.Quantile(sorted, Near)).to(float64);
        var (ratio, share) = (Median(own) / median, near.mean().item<double>());
        var ratios = resamples.Each(draw => Median(own.index_select(0, resamples.Rows(draw, own.shape[0]))) / median);
        return new(
            ratio, Resamples.About(ratio, ratios, 0), share,
            Resamples.About(share, resamples.Shifts(near.data<double>().ToArray()), 0, 1));
    }

    private static double Median(Tensor values)
    {
        var (sorted, _) = values.sort();
        return (sorted[(values.shape[0] - 1) / 2] + sorted[values.shape[0] / 2]).item<double>() / 2;
    }
}
