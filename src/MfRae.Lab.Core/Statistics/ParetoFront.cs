namespace MfRae.Lab.Core.Statistics;

/// <summary>The trade-offs of cost and quality that no other point improves on.</summary>
public static class ParetoFront
{
    /// <summary>
    /// The points of the front: no other point costs no more and is at least as good, except points that are equal in both. Equal points are
    /// on the front together. Points with a coordinate that is not finite are ignored.
    /// </summary>
    /// <returns>Indices in <paramref name="points"/> by ascending cost; equal points in the given order.</returns>
    public static IReadOnlyList<int> Of(IReadOnlyList<(double Cost, double Quality)> points, bool higherIsBetter)
    {
        var members = new List<int>();
        double? best = null;
        foreach (var same in Enumerable.Range(0, points.Count)
            .Where(at => double.IsFinite(points[at].Cost) && double.IsFinite(points[at].Quality))
            .GroupBy(at => points[at].Cost)
            .OrderBy(same => same.Key))
        {
            // Of equal costs only the best count, and only if no cheaper point is as good.
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
