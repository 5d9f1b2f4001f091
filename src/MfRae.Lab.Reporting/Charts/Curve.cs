using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Several seeds of one series as a line and a band.</summary>
internal static class Curve
{
    /// <summary>More steps than this are gathered into as many bins, about two pixels each.</summary>
    public const int MostPoints = 200;

    /// <summary>
    /// The mean and the range at each step, over the seeds that have it. Where steps are gathered, the range is over all
    /// steps of the bin as well: every extreme of the data is an extreme of some bin, and no point is left out or drawn at random.
    /// </summary>
    public static IReadOnlyList<CurvePoint> Of(IReadOnlyList<SeriesRecord> seeds, int most = MostPoints)
    {
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

    private static CurvePoint Gather(ArraySegment<IGrouping<long, double?>> bin)
    {
        var finite = bin.SelectMany(step => step).Where(value => value is { } number && double.IsFinite(number))
            .Select(value => value!.Value).ToArray();
        var step = bin.Average(one => (double)one.Key);
        return finite.Length == 0 ? new(step, null, double.NaN, double.NaN) : new(step, finite.Average(), finite.Min(), finite.Max());
    }
}
