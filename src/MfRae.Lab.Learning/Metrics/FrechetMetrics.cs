using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>FID and the metrics that are based on it.</summary>
internal static class FrechetMetrics
{
    // The largest number of classes for which each class has a value.
    private const int ListedClasses = 20;

    public static MetricValue[] Fid(SampleSet set, Resamples resamples)
    {
        _ = new MetricRequirements("fid", set).Primary;
        // With at most as many samples as dimensions, the rows are used instead.
        var statistics = set.Count > set.Features.shape[1] ? FeatureStatistics.Of(set.Features) : null;
        return [.. set.References.Select((reference, i) =>
        {
            var estimate = Estimate(set.Features, statistics, reference.Frechet, resamples);
            return Value(Name("fid", i, reference), estimate, resamples, set.Count, reference);
        })];
    }

    public static MetricValue[] Spatial(SampleSet set)
    {
        var needed = new MetricRequirements("sfid", set);
        _ = needed.Primary;
        var samples = needed.OfSamples(set.Spatial, "spatial statistics").Checked("the spatial statistics of the samples");
        return [.. set.References.Select((reference, i) => Metric.Of(
            Name("sfid", i, reference),
            needed.OfReference(reference.SpatialFrechet, reference, "spatial statistics").Distance(samples),
            null, set.Count, reference.Hash))];
    }

    public static MetricValue[] Classes(SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("classFid", set);
        var primary = needed.Primary;
        var found = ClassFrechet.Of(
            set.Features, needed.OfSamples(set.Labels, "labels"),
            needed.OfReference(primary.Features, primary, "kept features"), needed.OfReference(primary.Labels, primary, "labels"), resamples);
        MetricValue Of(string name, double value, double[] shifts) =>
            Metric.Of(name, value, Resamples.About(value, shifts, least: 0), set.Count, primary.Hash);
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
        var primary = new MetricRequirements("fidInfinity", set).Primary;
        var found = FrechetExtrapolation.Of(set.Features, primary.Frechet, sizes, resamples);
        return [Metric.Of("fidInfinity", found.Intercept, found.Range, set.Count, primary.Hash)];
    }

    /// <summary>FID of training images, in the number of the samples: the score of a perfect generator.</summary>
    public static MetricValue[] Floor(SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("fidFloor", set);
        var unseen = needed.Unseen;
        var train = needed.OfReference(needed.Training.Features, needed.Training, "kept features");
        var count = Math.Min(set.Count, train.shape[0]);
        var rows = new RandomSource(0, CPU).Permutation("fidFloor", 0, train.shape[0]).slice(0, 0, count, 1);
        var estimate = Estimate(train.index_select(0, rows), null, unseen.Frechet, resamples);
        return [Value(MetricNames.Floor, estimate, resamples, count, unseen)];
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
        string name, FrechetEstimate estimate, Resamples resamples, long count, ReferenceSet reference)
    {
        var shifts = estimate.Influences.Length == 0 ? [] : resamples.Shifts(estimate.Influences);
        return Metric.Of(name, estimate.Distance, Resamples.About(estimate.Distance, shifts, least: 0), count, reference.Hash);
    }

    private static string Name(string metric, int place, ReferenceSet reference) => place == 0 ? metric : $"{metric}.{reference.Split}";
}

/// <summary>FID within each class. It shows a class that collapsed or drifted, which the distance of all samples may hide.</summary>
/// <param name="Classes">Labels, ascending.</param>
/// <param name="Distances">FID of each class.</param>
/// <param name="Shifts">The change of each FID in each draw, or empty arrays.</param>
public sealed record ClassFrechet(IReadOnlyList<long> Classes, IReadOnlyList<double> Distances, IReadOnlyList<double[]> Shifts)
{
    /// <summary>The mean over the classes.</summary>
    public double Mean => Distances.Average();

    /// <summary>The largest FID of a class.</summary>
    public double Worst => Distances.Max();

    /// <summary>The change of the mean in each draw.</summary>
    public double[] MeanShifts =>
        [.. Enumerable.Range(0, Shifts[0].Length).Select(draw => Shifts.Average(shifts => shifts[draw]))];

    /// <summary>FID of samples [N, F] and reference [M, F] with labels int64 [N] and [M].</summary>
    /// <exception cref="LabException">A class has fewer than two samples or reference images.</exception>
    public static ClassFrechet Of(Tensor samples, Tensor labels, Tensor reference, Tensor referenceLabels, Resamples resamples)
    {
        using var scope = NewDisposeScope();
        var (unique, _, _) = labels.unique();
        long[] classes = [.. unique.data<long>().ToArray().Order()];
        var distances = new double[classes.Length];
        var shifts = new double[classes.Length][];
        for (var i = 0; i < classes.Length; i++)
        {
            using var each = NewDisposeScope();
            var own = Rows(samples, labels, classes[i], "samples");
            var others = FrechetReference.OfFeatures(Rows(reference, referenceLabels, classes[i], "reference images"));
            if (resamples.Draws == 0)
            {
                (distances[i], shifts[i]) = (others.Distance(own), []);
                continue;
            }
            var estimate = others.Estimate(own);
            var stratum = string.Create(CultureInfo.InvariantCulture, $"class {classes[i]}");
            (distances[i], shifts[i]) = (estimate.Distance, resamples.Shifts(estimate.Influences, stratum));
        }
        return new(classes, distances, shifts);
    }

    private static Tensor Rows(Tensor features, Tensor labels, long label, string what)
    {
        var rows = labels.eq(label).nonzero().flatten();
        return rows.shape[0] >= 2
            ? features.index_select(0, rows)
            : throw new LabException($"classFid needs two images of each class: class {label} has {rows.shape[0]} among the {what}");
    }
}

/// <summary>
/// FID∞ (arXiv 1911.07023): FID of growing random subsets is nearly linear in 1/n; the value at 1/n = 0 has no bias from the number of
/// samples (docs/method.md §9).
/// </summary>
/// <param name="Sizes">Rows of the subsets, ascending; each subset contains the smaller ones.</param>
/// <param name="Distances">FID of each subset.</param>
/// <param name="Intercept">The value of the least-squares line at 1/n = 0.</param>
/// <param name="Range">95 % interval, or null.</param>
public sealed record FrechetExtrapolation(
    IReadOnlyList<long> Sizes, IReadOnlyList<double> Distances, double Intercept, Interval? Range)
{
    /// <summary>Extrapolates FID.</summary>
    /// <param name="features">[N, F] with N ≥ 2F; for fewer rows FID is not linear in 1/n.</param>
    /// <param name="sizes">The number of subsets.</param>
    /// <exception cref="LabException">Too few rows.</exception>
    public static FrechetExtrapolation Of(Tensor features, FrechetReference reference, int sizes, Resamples resamples)
    {
        var (count, dimensions) = (features.shape[0], features.shape[1]);
        if (count < 2 * dimensions || count < 2 * sizes)
        {
            throw new LabException($"fidInfinity extrapolates from subsets that hold more images than features have dimensions: {count} samples of "
                + $"{dimensions} dimensions are too few, at least {Math.Max(2 * dimensions, 2 * sizes)} are needed");
        }
        using var scope = NewDisposeScope();
        var order = new RandomSource(0, CPU).Permutation("fidInfinity", 0, count);
        var smallest = Math.Max(Math.Max(count / 10, sizes), Math.Min(count / 2, dimensions + 1));
        long[] rows = [.. Enumerable.Range(0, sizes).Select(i => smallest + ((count - smallest) * i / (sizes - 1)))];
        using var moments = new FeatureMoments("the samples");
        var distances = new double[sizes];
        for (var i = 0; i < sizes; i++)
        {
            using var subset = NewDisposeScope();
            moments.Add(features.index_select(0, order.slice(0, moments.Count, rows[i], 1)));
            distances[i] = reference.Distance(moments.Statistics());
        }
        var weights = InterceptWeights(rows);
        var intercept = weights.Zip(distances, (weight, distance) => weight * distance).Sum();
        if (resamples.Draws == 0)
            return new(rows, distances, intercept, null);

        // A sample counts in every subset that contains it, so it moves the intercept by its influence times the sum of weight / size.
        var influences = reference.Estimate(features, moments.Statistics()).Influences;
        var places = order.data<long>().ToArray();
        var moved = new double[count];
        for (long place = 0, first = 0; place < count; place++)
        {
            while (rows[first] <= place)
                first++;
            var share = 0.0;
            for (var i = first; i < sizes; i++)
                share += weights[i] / rows[i];
            moved[places[place]] = influences[places[place]] * share * count;
        }
        return new(rows, distances, intercept, Resamples.About(intercept, resamples.Shifts(moved)));
    }

    /// <summary>The weights whose products with the values add up to the least-squares intercept in 1/n.</summary>
    private static double[] InterceptWeights(long[] rows)
    {
        double[] inverse = [.. rows.Select(row => 1.0 / row)];
        var mean = inverse.Average();
        var squares = inverse.Sum(x => (x - mean) * (x - mean));
        return [.. inverse.Select(x => (1.0 / rows.Length) - (mean * (x - mean) / squares))];
    }
}
