using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Curves;

/// <summary>Every series of the stages that play one role, a chart each.</summary>
internal static class TrainingCurves
{
    /// <summary>The role of a stage that takes the samples of another program.</summary>
    public const string External = "sampling";

    private static readonly string[] Order = ["loss", "loss.interval", "loss.equal", "gradientNorm", "gradientNorm.unweighted"];

    /// <summary>The charts; null if no run has such a stage, or if it reported no series.</summary>
    public static CurvesStage? Of(ReportData data, string role, CurveBudget budget)
    {
        var lines = Lines(data, role);
        var names = lines
            .SelectMany(line => line.Stages)
            .SelectMany(stage => stage.Series)
            .Select(series => series.Name)
            .Distinct()
            .OrderBy(name => Place(name))
            .ThenBy(name => name, StringComparer.Ordinal)
            .ToArray();
        if (names.Length == 0)
        {
            return null;
        }

        var stages = lines.SelectMany(line => line.Stages).DistinctBy(stage => stage.Key).ToArray();
        var charts = names.Select(name => new LineChart(SeriesName.Label(name), "step",
            [.. lines.Select(line => Draw(line, name, budget)).Where(line => line.Points.Count > 0)]).Draw());
        return new(
            role == External ? "other programs" : role,
            Note(lines, stages, budget),
            role is not ("meanflow" or "cmt" or External),
            [.. lines.Select(line => new LegendKey(line.Css, line.Name))],
            [.. charts.Where(chart => !chart.IsEmpty)],
            data.Sql.Curves(stages[0].Kind));
    }

    /// <summary>One line for each set of stages; arms with the same stages share a line.</summary>
    internal static List<StageLine> Lines(ReportData data, string role)
    {
        var lines = new List<StageLine>();
        var users = data.Arms
            .Select(arm => (Arm: arm, Stages: arm.Runs.Select(run => data.Stage(run, role)).OfType<StageRecord>()
                // Samplings of the lab have no curves.
                .Where(stage => role != External || stage.Series.Count > 0)
                .DistinctBy(stage => stage.Key).ToArray()))
            .Where(user => user.Stages.Length > 0)
            .GroupBy(user => string.Join(' ', user.Stages.Select(stage => stage.Key)));
        foreach (var group in users)
        {
            var arms = group.Select(user => user.Arm).ToArray();
            lines.Add(arms.Length == data.Arms.Count && arms.Length > 1
                ? new("all arms", "all", group.First().Stages)
                : new(string.Join(", ", arms.Select(arm => arm.Name)), arms[0].Css, group.First().Stages));
        }

        return lines;
    }

    private static Line Draw(StageLine line, string name, CurveBudget budget)
    {
        SeriesRecord[] series = [.. line.Stages.SelectMany(stage => stage.Series).Where(one => one.Name == name)];
        return new(
            line.Name,
            line.Css,
            Curve.Of(series, budget.Points),
            budget.Seeds && series.Length > 1 ? [.. series.Select(one => Curve.Of([one], budget.Points))] : null);
    }

    private static string Note(List<StageLine> lines, StageRecord[] stages, CurveBudget budget)
    {
        var seeds = lines.Max(line => line.Stages.Count);
        var binned = stages.SelectMany(stage => stage.Series).Any(series => series.Gathered is not null || series.Steps.Count > budget.Points);
        return (seeds > 1
            ? $"Line: mean over the seeds that reached the step. Band: range over these seeds{(binned ? " and over all steps of a bin" : "")}."
            : binned ? "Line: mean over a bin of steps. Band: range within the bin." : "One seed.")
            + (binned ? $" Steps are grouped into {budget.Points} bins. The band includes every extreme value." : "");
    }

    private static int Place(string name) =>
        name == "learningRate" ? Order.Length + 1 : Array.IndexOf(Order, name) is >= 0 and var place ? place : Order.Length;
}

/// <summary>The stages of a line: those of one arm, or of several arms that share them.</summary>
internal sealed record StageLine(string Name, string Css, IReadOnlyList<StageRecord> Stages);

/// <summary>
/// The resolution of curves, chosen so that a page stays below five megabytes for any number of arms and series. Fewer, wider bins still
/// contain every extreme.
/// </summary>
/// <param name="Points">The number of bins of a line.</param>
/// <param name="Seeds">Whether the page also contains the curve of each seed.</param>
internal sealed record CurveBudget(int Points, bool Seeds)
{
    private const int LinePoints = 44_000;
    private const int SeedPoints = 120_000;
    private const int FewestPoints = 50;

    /// <summary>The budget for the series of all distinct stages in these roles.</summary>
    public static CurveBudget Of(ReportData data, IEnumerable<string> roles)
    {
        var curves = roles.SelectMany(data.Role).Sum(group => group.Stage.Series.Count);
        var points = Math.Clamp(LinePoints / Math.Max(1, curves / Math.Max(1, data.Record.Seeds.Count)), FewestPoints, Curve.MostPoints);
        return new(points, curves * points <= SeedPoints);
    }
}
