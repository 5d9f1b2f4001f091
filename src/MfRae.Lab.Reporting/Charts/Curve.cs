using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Several seeds of one series as a line and a band.</summary>
internal static class Curve
{
    /// <summary>The most points of a curve. Further steps are grouped into bins, about two pixels wide.</summary>
    public const int MostPoints = 200;

    /// <summary>
    /// The mean and the range at each step, over the seeds that have it. For binned steps the range also covers all steps of the bin: every
    /// extreme of the data is the extreme of a bin, and no point is dropped.
    /// </summary>
    public static IReadOnlyList<CurvePoint> Of(IReadOnlyList<SeriesRecord> seeds, int most = MostPoints)
    {
        if (seeds.Any(series => series.Gathered is not null))
        {
            return OfBuckets([.. seeds.SelectMany(series => series.Buckets)], most);
        }

        var values = seeds
            .SelectMany(series => series.Steps.Zip(series.Values))
            .GroupBy(point => point.First, point => point.Second)
            .OrderBy(step => step.Key)
            .ToArray();
        var bins = Math.Min(most, values.Length);
        var points = new List<CurvePoint>(bins);
        for (var bin = 0; bin < bins; bin++)
        {
            var first = (int)((long)bin * values.Length / bins);
            var next = (int)((long)(bin + 1) * values.Length / bins);
            points.Add(Gather(new(values, first, next - first)));
        }

        return points;
    }

    /// <summary>
    /// The same for curves that are stored in buckets. All bins span the same number of steps; a bucket belongs to the bin of its middle step.
    /// </summary>
    private static List<CurvePoint> OfBuckets(IReadOnlyList<CurveBucket> buckets, int most)
    {
        var first = buckets.Min(bucket => bucket.FirstStep);
        var width = (buckets.Max(bucket => bucket.LastStep) - first + 1) / (double)most;
        return [.. buckets
            .GroupBy(bucket => (int)((((bucket.FirstStep + bucket.LastStep) / 2.0) - first) / width))
            .OrderBy(bin => bin.Key)
            .Select(bin => Gather(bin.Aggregate((one, next) => one.And(next)), bin.Average(bucket => (bucket.FirstStep + bucket.LastStep) / 2.0)))];
    }

    private static CurvePoint Gather(CurveBucket bin, double step) =>
        bin.Finite <= 0 || !double.IsFinite(bin.Sum) || !double.IsFinite(bin.Low) || !double.IsFinite(bin.High)
        ? new(step, null, double.NaN, double.NaN)
        : new(step, bin.Sum / bin.Finite, bin.Low, bin.High);

    private static CurvePoint Gather(ArraySegment<IGrouping<long, double?>> bin)
    {
        var finite = bin.SelectMany(step => step).Where(value => value is { } number && double.IsFinite(number))
            .Select(value => value!.Value).ToArray();
        var step = bin.Average(one => (double)one.Key);
        return finite.Length == 0 ? new(step, null, double.NaN, double.NaN) : new(step, finite.Average(), finite.Min(), finite.Max());
    }
}

/// <summary>A curve at one step: the mean over seeds and the range they span. Without a finite value the mean is null.</summary>
internal sealed record CurvePoint(double Step, double? Mean, double Low, double High);
