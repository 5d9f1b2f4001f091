using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Metrics of pairs of samples and images whose features were kept.</summary>
internal static class PairMetrics
{
    /// <summary>Named kid with published subsets of 1,000, and by the size of the subsets otherwise.</summary>
    public static MetricValue[] Kernel(KidOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new Needed("kid", set);
        var primary = needed.Primary;
        var features = needed.OfReference(primary.Features, primary, "kept features");
        var distance = KernelDistance.Of(set.Features, features, options.Subsets, options.SubsetSize, order: set.Orders?.AsGiven);
        double[] shifts = [];
        if (resamples.Draws > 0)
        {
            // With the neighbours of the other metrics of pairs, whose pass is then the same; few images have fewer.
            var most = (int)Math.Min(set.Count, features.shape[0]) - 1;
            var balls = new PrecisionRecallOptions();
            var scores = set.NeighbourScores(
                primary.Neighbours!, Math.Min(balls.Neighbours, most), Math.Min(balls.DensityNeighbours, most));
            shifts = distance.Shifts(scores.KernelInfluences, resamples);
        }
        return [Metric.Of(MetricNames.Kid(distance.Size), distance.Mean, Resamples.About(distance.Mean, shifts), set.Count, primary.Hash, higherIsBetter: false)];
    }

    public static MetricValue[] Balls(PrecisionRecallOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new Needed("precisionRecall", set);
        var primary = needed.Primary;
        var reference = needed.OfReference(primary.Neighbours, primary, "kept features");
        var scores = set.NeighbourScores(reference, options.Neighbours, options.DensityNeighbours);
        MetricValue Of(string name, double value, double[] influences, double most = 1)
        {
            var range = Resamples.About(value, resamples.Shifts(influences), 0, most);
            return Metric.Of(name, value, range, set.Count, primary.Hash, higherIsBetter: true);
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
        var needed = new Needed("memorisation", set);
        var (train, unseen) = (needed.Training, needed.Unseen);
        var found = Memorisation.Of(
            set.Features, needed.OfReference(unseen.Features, unseen, "kept features"),
            needed.OfReference(train.Features, train, "kept features"), resamples);
        return
        [
            Metric.Of("memorisation.ratio", found.Ratio, found.RatioRange, set.Count, train.Hash, higherIsBetter: null),
            Metric.Of(MetricNames.MemorisedShare, found.Share, found.ShareRange, set.Count, train.Hash, higherIsBetter: null),
        ];
    }
}
