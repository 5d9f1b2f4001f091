using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Metrics of pairs of samples and images with kept features.</summary>
internal static class PairMetrics
{
    /// <summary>KID. The name is kid for the published subset size of 1,000, and includes the size otherwise.</summary>
    public static MetricValue[] Kernel(KidOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("kid", set);
        var primary = needed.Primary;
        var features = needed.OfReference(primary.Features, primary, "kept features");
        var distance = KernelDistance.Of(set.Features, features, options.Subsets, options.SubsetSize, order: set.Orders?.AsGiven);
        double[] shifts = [];
        if (resamples.Draws > 0)
        {
            // The same number of neighbours as in the other metrics of pairs, so that they share a pass; with few images it is smaller.
            var most = (int)Math.Min(set.Count, features.shape[0]) - 1;
            var balls = new PrecisionRecallOptions();
            var scores = set.NeighbourScores(
                primary.Neighbours!, Math.Min(balls.Neighbours, most), Math.Min(balls.DensityNeighbours, most));
            shifts = distance.Shifts(scores.KernelInfluences, resamples);
        }
        return [Metric.Of(MetricNames.Kid(distance.Size), distance.Mean, Resamples.About(distance.Mean, shifts), set.Count, primary.Hash)];
    }

    public static MetricValue[] Balls(PrecisionRecallOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("precisionRecall", set);
        var primary = needed.Primary;
        var reference = needed.OfReference(primary.Neighbours, primary, "kept features");
        var scores = set.NeighbourScores(reference, options.Neighbours, options.DensityNeighbours);
        MetricValue Of(string name, double value, double[] influences, double most = 1)
        {
            var range = Resamples.About(value, resamples.Shifts(influences), 0, most);
            return Metric.Of(name, value, range, set.Count, primary.Hash);
        }
        return
        [
            Of("precision", scores.Precision.Average(), scores.Precision),
            Of("recall", scores.Recall, scores.RecallInfluences),
            Of("density", scores.Density.Average(), scores.Density, double.PositiveInfinity),
            Of("coverage", scores.Coverage, scores.CoverageInfluences),
        ];
    }

    public static MetricValue[] Memorised(SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("memorisation", set);
        var (train, unseen) = (needed.Training, needed.Unseen);
        _ = needed.OfReference(unseen.Features, unseen, "kept features");
        var nearest = needed.OfReference(train.Nearest, train, "kept features");
        var found = Memorisation.Of(nearest.Of(set.Features), train.NearestOf(unseen), resamples);
        return
        [
            Metric.Of(MetricNames.MemorisationRatio, found.Ratio, found.RatioRange, set.Count, train.Hash),
            Metric.Of(MetricNames.MemorisedShare, found.Share, found.ShareRange, set.Count, train.Hash),
        ];
    }
}

/// <summary>
/// KID (arXiv 1801.01401): the unbiased squared maximum mean discrepancy under the kernel (x·y / F + 1)³. Unlike FID it has no bias from
/// the number of samples.
/// </summary>
/// <param name="Subsets">One value for each pair of subsets; near zero, of either sign, for equal distributions.</param>
/// <param name="Size">Rows of a subset.</param>
public sealed record KernelDistance(IReadOnlyList<double> Subsets, int Size)
{
    private const long SymmetricBlock = 128;

    /// <summary>The mean over the subsets.</summary>
    public double Mean => Subsets.Average();

    /// <summary>The standard deviation over the subsets; the divisor is their number.</summary>
    public double Deviation => Math.Sqrt(Subsets.Average(value => (value - Mean) * (value - Mean)));

    /// <summary>
    /// KID of samples [N, F] and reference [M, F] as in torch-fidelity: subsets without replacement, drawn in turn for samples and
    /// reference.
    /// </summary>
    /// <param name="size">Rows of a subset; N or M where that is less.</param>
    /// <param name="order">int64 [N]: the rows of the samples in the order of their files, from which torch-fidelity draws; null where rows
    /// have this order.</param>
    /// <exception cref="LabException">Fewer than two samples or reference images, or different dimensions.</exception>
    public static KernelDistance Of(Tensor samples, Tensor reference, int subsets = 100, int size = 1000, uint seed = 2020, Tensor? order = null)
    {
        var rows = (int)Math.Min(size, Math.Min(samples.shape[0], reference.shape[0]));
        if (rows < 2)
        {
            throw new LabException(
                $"kid needs two images on each side; the sets have {samples.shape[0]} samples and {reference.shape[0]} reference images");
        }

        if (samples.shape[1] != reference.shape[1])
        {
            throw new LabException(
                $"features of {samples.shape[1]} dimensions cannot be compared with reference features of {reference.shape[1]}");
        }
        var random = new NumpyRandom(seed);
        Tensor Draw(Tensor features, Tensor? given)
        {
            var drawn = tensor(random.Permutation((int)features.shape[0]).AsSpan(0, rows).ToArray(), device: features.device);
            return features.index_select(0, given is null ? drawn : given.index_select(0, drawn));
        }
        var values = new double[subsets];
        for (var i = 0; i < subsets; i++)
        {
            using var scope = NewDisposeScope();
            values[i] = Between(Draw(samples, order), Draw(reference, null));
        }
        return new(values, rows);
    }

    /// <summary>One estimate from all rows of first [N, F] and second [M, F], in float64.</summary>
    public static double Between(Tensor first, Tensor second)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (x, y) = (first.to(float64), second.to(float64));
        return (Within(x) + Within(y) - (2 * Kernel(x, y).mean())).item<double>();
    }

    /// <summary>
    /// The change of the mean of the subsets in each draw: from the samples, by their influences on the estimate of all rows, and from the
    /// choice of subsets, by drawing among their values.
    /// </summary>
    /// <param name="influences">The influences of <see cref="NeighbourScores"/>.</param>
    public double[] Shifts(double[] influences, Resamples resamples) =>
        [.. resamples.Shifts(influences).Zip(resamples.Shifts([.. Subsets], "subsets"), (samples, subsets) => samples + subsets)];

    // The mean over pairs of different rows. The kernel is symmetric: each block of rows is paired with itself and with the rows before it.
    private static Tensor Within(Tensor x)
    {
        var count = x.shape[0];
        var sum = zeros(1, dtype: float64);
        for (long start = 0; start < count; start += SymmetricBlock)
        {
            using var scope = NewDisposeScope();
            var block = x.slice(0, start, Math.Min(count, start + SymmetricBlock), 1);
            var kernel = Kernel(block, block);
            sum.add_(kernel.sum() - kernel.trace());
            if (start > 0)
                sum.add_(2 * Kernel(block, x.slice(0, 0, start, 1)).sum());
        }

        return sum / (count * (count - 1.0));
    }

    private static Tensor Kernel(Tensor x, Tensor y) => x.mm(y.t()).div_(x.shape[1]).add_(1).pow_(3);
}

/// <summary>
/// Compares how near samples and unseen images lie to training images (docs/method.md §9), by the distance to the nearest training image
/// in feature space.
/// </summary>
/// <param name="Ratio">Median distance of samples, divided by that of test images; copies are near 0, new images near or above 1.</param>
/// <param name="RatioRange">95 % interval, or null.</param>
/// <param name="Share">Share of samples nearer than the 1 % quantile of test images; for test images it is 1 %.</param>
/// <param name="ShareRange">95 % interval, or null.</param>
public sealed record Memorisation(double Ratio, Interval? RatioRange, double Share, Interval? ShareRange)
{
    private const double Near = 0.01;

    /// <summary>Memorisation of samples [N, F], with test [M, F] and train [K, F].</summary>
    /// <exception cref="LabException">Most test images are training images.</exception>
    public static Memorisation Of(Tensor samples, Tensor test, Tensor train, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        var nearest = new NearestDistances(train);
        return Of(nearest.Of(samples), nearest.Of(test, "the test images"), resamples);
    }

    /// <summary>Memorisation by the distances float64 of samples [N] and test images [M] to their nearest training images.</summary>
    /// <exception cref="LabException">Most test images are training images.</exception>
    public static Memorisation Of(Tensor own, Tensor others, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        double[] sorted = [.. others.data<double>().ToArray().Order()];
        var median = Bootstrap.Quantile(sorted, 0.5);
        if (median == 0)
            throw new LabException("memorisation compares with unseen images, but most test images are training images");
        var near = own.lt(Bootstrap.Quantile(sorted, Near)).to(float64);
        var (ratio, share) = (Median(own) / median, near.mean().item<double>());
        double[] ratios = [.. resamples.Medians(own.data<double>().ToArray()).Select(drawn => drawn / median)];
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
