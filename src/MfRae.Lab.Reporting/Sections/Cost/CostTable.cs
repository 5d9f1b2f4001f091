using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>What each arm paid for training and for an image, beside what it got. Means over seeds; members of a front say so.</summary>
internal sealed class CostTable
{
    private readonly ReportData data;
    private readonly PrimaryQuality quality;
    private readonly TrainingCosts costs;
    private readonly HashSet<(string Key, string Arm)> drawn;
    private readonly HashSet<(CostAxis Axis, string Arm)> trained;

    public CostTable(ReportData data, PrimaryQuality quality, TrainingCosts costs, CostCharts charts)
    {
        (this.data, this.quality, this.costs) = (data, quality, costs);
        HasImageCosts = charts.Drawn.Count > 0;
        drawn = Different(charts.Drawn) ? [.. quality.Front(charts.Drawn).Select(point => (point.Key, point.Arm.Name))] : [];
        trained =
        [
            .. from axis in costs.Charted
               let points = charts.Trained(axis)
               where Different(points)
               from point in quality.Front(points)
               select (axis, point.Arm.Name),
        ];
        Columns = [.. costs.Listed.Select(axis => axis.Name), .. quality.Keys.SelectMany(Headers)];
        Rows = [.. data.Arms.Select(arm => new CostRow(Sections.Parts.Arm(arm), [.. Cells(arm)]))];
    }

    public bool HasImageCosts { get; }

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<CostRow> Rows { get; }

    private static bool Different(IReadOnlyList<CostPoint> points) => !CostCharts.AllEqual([.. points.Select(point => point.Cost)]);

    private IEnumerable<string> Headers(string key) => HasImageCosts ? [$"GFLOPs an image for {key}", key] : [key];

    private IEnumerable<Html> Cells(ArmView arm) =>
        costs.Listed.Select(axis => Training(arm, axis)).Concat(quality.Keys.SelectMany(key => Sampling(arm, key)));

    private Html Training(ArmView arm, CostAxis axis)
    {
        var cost = axis.Mean(arm);
        var parts = axis == costs.Listed[0] && !axis.Timing ? costs.Parts(arm) : "";
        return Cell(cost is null ? "–" : axis.Format(cost.Value), parts, trained.Contains((axis, arm.Name)), axis.Timing);
    }

    private IEnumerable<Html> Sampling(ArmView arm, string key)
    {
        if (HasImageCosts)
        {
            var cost = ImageCosts.Of(data, arm, quality.Steps[key]);
            yield return Cell(ImageCosts.Number(cost?.Total), cost?.Parts ?? "");
        }

        var comparison = data.Compare(key);
        yield return Cell(
            comparison.Conflict is { } conflict ? conflict.ToString() : Numbers.Significant(arm.Of(comparison).Summary.Mean),
            member: drawn.Contains((key, arm.Name)));
    }

    private static Html Cell(string text, string below = "", bool member = false, bool timing = false)
    {
        var note = below.Length == 0 ? Html.Empty : Html.Of($"<span class=\"n\">{below}</span>");
        var front = member ? Html.Of($"<span class=\"n\">on the front</span>") : Html.Empty;
        return timing
            ? Html.Of($"<td class=\"number\" data-timing>{text}{note}{front}</td>")
            : Html.Of($"<td class=\"number\">{text}{note}{front}</td>");
    }
}
