using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Curves;

/// <summary>
/// How finely curves are drawn, so that a page stays below five megabytes however many arms and series there are. Fewer bins lose no
/// extreme, they are only wider.
/// </summary>
/// <param name="Points">Bins of a line.</param>
/// <param name="Seeds">Whether each seed is in the page as well.</param>
internal sealed record CurveBudget(int Points, bool Seeds)
{
    private const int LinePoints = 44_000;
    private const int SeedPoints = 120_000;
    private const int FewestPoints = 50;

    /// <summary>Counts a line for each series of each different stage in a role.</summary>
    public static CurveBudget Of(ReportData data, IEnumerable<string> roles)
    {
        var curves = roles.SelectMany(data.Role).Sum(group => group.Stage.Series.Count);
        var points = Math.Clamp(LinePoints / Math.Max(1, curves / Math.Max(1, data.Record.Seeds.Count)), FewestPoints, Curve.MostPoints);
        return new(points, curves * points <= SeedPoints);
    }
}
