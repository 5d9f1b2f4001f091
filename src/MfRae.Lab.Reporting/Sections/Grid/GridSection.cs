using System.Globalization;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections.Verdicts;

namespace MfRae.Lab.Reporting.Sections.Grid;

/// <summary>A heat map of arms that form a grid of two options; parallel coordinates for other arms that differ in several options.</summary>
internal sealed class GridSection : ISection
{
    public string Name => "Grid";

    public string Title => "Quality by option values";

    public bool Has(ReportData data) =>
        (Differing(data).Length > 1 || LevelAxes(data).Length > 1) && data.Primary.Conflict is null && data.Primary.Arms.Any(arm => arm.Values.Count > 0);

    public object Model(ReportData data)
    {
        var axes = Differing(data).Select(row => new GridAxis(row)).ToArray();
        var title = MetricName.OfKey(data.Primary.Metric);
        var better = Higher(data) switch { true => " (higher is better)", false => " (lower is better)", null => "" };
        if (LevelAxes(data) is { Length: 2 } levels)
        {
            axes = levels;
        }

        if (IsGrid(axes))
        {
            var shades = Shades(data);
            var map = Map(data, axes[0], axes[1], shades, title);
            return Content(data, map.Draw(), map.Width, $"Each cell: mean of {data.Primary.Metric} over seeds{better}. The stronger the colour, the {(Higher(data) is null ? "larger" : "better")} "
                    + $"the value{(shades.Log ? " (logarithmic scale)" : "")}. The best cell is framed.");
        }

        var lines = Parallel(data, axes, title);
        return Content(data, lines.Draw(), lines.Width, $"Each line is an arm. It passes through the arm’s option values and ends at its mean of {data.Primary.Metric} over seeds{better}."
                + (axes.Any(axis => axis.Values.Contains(GridAxis.Absent)) ? $" {GridAxis.Absent}: the arm does not have this option." : ""));
    }

    private static object Content(ReportData data, Html chart, double width, string note) =>
        new { data.Arms, Chart = chart, Width = Box(width), Note = note, Effects = Effects(data), Sql = data.Sql.Results };

    /// <summary>Main effects and interactions, with their verdicts.</summary>
    private static VerdictRow[] Effects(ReportData data) =>
    [
        .. data.Primary.Effects.Select(result => new VerdictRow(
            null,
            result.Name,
            Badge.Of(result.Verdict, ComparisonText.Word(result)),
            ComparisonText.Reason(result),
            ComparisonText.Effect(result),
            "")),
    ];

    /// <summary>The class of a box that shows a chart of this width with text of the usual size.</summary>
    private static string Box(double width) => width switch { <= 600 => "wide", <= 900 => "wider", _ => "full" };

    private static OptionRow[] Differing(ReportData data) => [.. data.Options.Rows.Where(row => row.Differs)];

    /// <summary>The axes of the experiment with the level of each arm; arms that are not in the grid have no place.</summary>
    private static GridAxis[] LevelAxes(ReportData data) =>
    [
        .. from axis in data.Arms.Select(arm => arm.Record.Levels).OfType<IReadOnlyDictionary<string, string>>().SelectMany(levels => levels.Keys).Distinct()
           select new GridAxis(axis, [.. data.Arms.Select(arm => arm.Record.Levels?.GetValueOrDefault(axis))]),
    ];

    private static bool? Higher(ReportData data) =>
        data.Primary.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement.HigherIsBetter).FirstOrDefault();

    /// <summary>Whether there are two options, at most one arm in each cell, and arms in at least half of the cells.</summary>
    private static bool IsGrid(GridAxis[] axes)
    {
        if (axes.Length != 2)
        {
            return false;
        }

        var places = axes[0].Places.Zip(axes[1].Places).Where(place => place is { First: >= 0, Second: >= 0 }).ToArray();
        return places.Distinct().Count() == places.Length && 2 * places.Length >= axes[0].Values.Count * axes[1].Values.Count;
    }

    /// <summary>The scale of the colours, logarithmic if values are far apart, so that small values remain distinguishable.</summary>
    private static Scale Shades(ReportData data) => Scale.Over(
        [.. data.Primary.Arms.Where(arm => arm.Values.Count > 0).Select(arm => arm.Summary.Mean)], 0, 1, margin: 0);

    private static HeatMap Map(ReportData data, GridAxis across, GridAxis up, Scale shades, string title)
    {
        double Strength(double mean) => shades.High <= shades.Low ? 0.5 : Higher(data) == false ? 1 - shades.Map(mean) : shades.Map(mean);
        return new(title, across.Path, up.Path, across.Values, up.Values,
        [
            .. from arm in data.Arms
               where across.Places[arm.Index] >= 0 && up.Places[arm.Index] >= 0
               let sample = arm.Of(data.Primary)
               let some = sample.Values.Count > 0
               select new HeatCell(
                   across.Places[arm.Index],
                   up.Places[arm.Index],
                   arm.Css,
                   some ? Numbers.Significant(sample.Summary.Mean) : "–",
                   Seeds(sample),
                   some ? Strength(sample.Summary.Mean) : null,
                   data.Primary.Best == arm.Name,
                   Tip(arm, sample)),
        ]);
    }

    private static ParallelChart Parallel(ReportData data, GridAxis[] axes, string title) => new(
        title,
        data.Primary.Metric,
        [.. axes.Select(axis => new ParallelAxis(axis.Path, axis.Values))],
        [
            .. from arm in data.Arms
               let sample = arm.Of(data.Primary)
               select new ParallelLine(
                   arm.Css,
                   [.. axes.Select(axis => axis.Places[arm.Index])],
                   sample.Values.Count > 0 ? sample.Summary.Mean : null,
                   Tip(arm, sample)),
        ]);

    private static string Tip(ArmView arm, ArmSample sample) => sample.Values.Count == 0
        ? $"{arm.Name}: no value"
        : $"{arm.Name}: {Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)} (sd over seeds), {Seeds(sample)}";

    private static string Seeds(ArmSample sample) =>
        string.Create(CultureInfo.InvariantCulture, $"n {sample.Values.Count}") + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
}

/// <summary>One option: its distinct values, with numbers ascending and words in order of appearance, and each arm's place among them.</summary>
internal sealed class GridAxis
{
    /// <summary>The label for arms without the option.</summary>
    public const string Absent = "–";

    public GridAxis(OptionRow row)
        : this(row.Path, row.Values)
    {
    }

    /// <param name="values">The value of each arm; null for an arm without a place.</param>
    public GridAxis(string path, IReadOnlyList<string?> values)
    {
        Path = path;
        string[] distinct = [.. values.OfType<string>().Distinct()];
        // An arm without the option comes before those with the smallest number.
        string[] sorted = distinct.All(text => text.Length == 0 || Number(text) is not null) ? [.. distinct.OrderBy(Number)] : distinct;
        Places = [.. values.Select(value => value is null ? -1 : Array.IndexOf(sorted, value))];
        Values = [.. sorted.Select(value => value.Length == 0 ? Absent : value.Trim('"'))];
    }

    public string Path { get; }

    public IReadOnlyList<string> Values { get; }

    /// <summary>For each arm the index of its value; -1 for an arm without a place.</summary>
    public IReadOnlyList<int> Places { get; }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
