namespace MfRae.Lab.Core.Statistics;

/// <summary>Which of several ways to pay for quality are worth considering.</summary>
public static class ParetoFront
{
    /// <summary>
    /// Members of the front: no other point costs as little or less and is as good or better, unless it is equal in both. Equal points
    /// are members together. Points with a coordinate that is not finite are left out.
    /// </summary>
    /// <returns>Places in <paramref name="points"/>, by ascending cost; equal points in their own order.</returns>
    public static IReadOnlyList<int> Of(IReadOnlyList<(double Cost, double Quality)> points, bool higherIsBetter)
    {
        var members = new List<int>();
        double? best = null;
        foreach (var same in Enumerable.Range(0, points.Count)
            .Where(at => double.IsFinite(points[at].Cost) && double.IsFinite(points[at].Quality))
            .GroupBy(at => points[at].Cost)
            .OrderBy(same => same.Key))
        {
            // At one cost only the best count, and only where nothing cheaper is as good.
            var quality = higherIsBetter ? same.Max(at => points[at].Quality) : same.Min(at => points[at].Quality);
            if (best is null || (higherIsBetter ? quality > best : quality < best))
            {
                best = quality;
                members.AddRange(same.Where(at => points[at].Quality == quality));
            }
        }

        return members;
    }
}
