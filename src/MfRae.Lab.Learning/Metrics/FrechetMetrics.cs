using System.Globalization;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>FID and what is made of it.</summary>
internal static class FrechetMetrics
{
    // Up to so many classes each has its own value.
    private const int ListedClasses = 20;

    public static MetricValue[] Fid(SampleSet set, Resamples resamples)
    {
        _ = new Needed("fid", set).Primary;
        // With as few samples as dimensions their rows are used instead.
        var statistics = set.Count > set.Features.shape[1] ? FeatureStatistics.Of(set.Features) : null;
        return [.. set.References.Select((reference, i) =>
        {
            var estimate = Estimate(set.Features, statistics, reference.Frechet, resamples);
            return Value(Name("fid", i, reference), estimate, resamples, set.Count, reference, higherIsBetter: false);
        })];
    }

    public static MetricValue[] Spatial(SampleSet set)
    {
        var needed = new Needed("sfid", set);
        _ = needed.Primary;
        var samples = needed.OfSamples(set.Spatial, "spatial statistics").Checked("the spatial statistics of the samples");
        return [.. set.References.Select((reference, i) => Metric.Of(
            Name("sfid", i, reference),
            needed.OfReference(reference.SpatialFrechet, reference, "spatial statistics").Distance(samples),
            null, set.Count, reference.Hash, higherIsBetter: false))];
    }

    public static MetricValue[] Classes(SampleSet set, Resamples resamples)
    {
        var needed = new Needed("classFid", set);
        var primary = needed.Primary;
        var found = ClassFrechet.Of(
            set.Features, needed.OfSamples(set.Labels, "labels"),
            needed.OfReference(primary.Features, primary, "kept features"), needed.OfReference(primary.Labels, primary, "labels"), resamples);
        MetricValue Of(string name, double value, double[] shifts) =>
            Metric.Of(name, value, Resamples.About(value, shifts, least: 0), set.Count, primary.Hash, higherIsBetter: false);
        return
        [
            Of("classFid", found.Mean, found.MeanShifts),
            Of("classFid.worst", found.Worst, []),
            .. found.Classes.Count > ListedClasses ? [] : found.Classes.Select((label, i) =>
                Of(string.Create(CultureInfo.InvariantCulture, $"classFid.{label}"), found.Distances[i], found.Shifts[i])),
        ];
    }

    public static MetricValue[] Infinity(SampleSet set, int sizes, Resamples resamples)
    {
        var primary = new Needed("fidInfinity", set).Primary;
        var found = FrechetExtrapolation.Of(set.Features, primary.Frechet, sizes, resamples);
        return [Metric.Of("fidInfinity", found.Intercept, found.Range, set.Count, primary.Hash, higherIsBetter: false)];
    }

    /// <summary>FID of as many training images as there are samples: what a perfect generator would score.</summary>
    public static MetricValue[] Floor(SampleSet set, Resamples resamples)
    {
        var needed = new Needed("fidFloor", set);
        var unseen = needed.Unseen;
        var train = needed.OfReference(needed.Training.Features, needed.Training, "kept features");
        var count = Math.Min(set.Count, train.shape[0]);
        var rows = new RandomSource(0, CPU).Permutation("fidFloor", 0, train.shape[0]).slice(0, 0, count, 1);
        var estimate = Estimate(train.index_select(0, rows), null, unseen.Frechet, resamples);
        return [Value(MetricNames.Floor, estimate, resamples, count, unseen, higherIsBetter: null)];
    }

    private static FrechetEstimate Estimate(Tensor features, FeatureStatistics? statistics, FrechetReference reference, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        return (statistics, resamples.Draws) switch
        {
            (null, 0) => new(reference.Distance(features), []),
            (null, _) => reference.Estimate(features),
            (_, 0) => new(reference.Distance(statistics), []),
            _ => reference.Estimate(features, statistics),
        };
    }

    private static MetricValue Value(
        string name, FrechetEstimate estimate, Resamples resamples, long count, ReferenceSet reference, bool? higherIsBetter)
    {
        var shifts = estimate.Influences.Length == 0 ? [] : resamples.Shifts(estimate.Influences);
        return Metric.Of(name, estimate.Distance, Resamples.About(estimate.Distance, shifts, least: 0), count, reference.Hash, higherIsBetter);
    }

    private static string Name(string metric, int place, ReferenceSet reference) => place == 0 ? metric : $"{metric}.{reference.Split}";
}
