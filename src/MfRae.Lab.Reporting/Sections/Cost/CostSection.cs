using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

internal sealed class CostSection : ISection
{
    public string Name => "Cost";

    public string Title => "Quality against cost";

    public object Model(ReportData data)
    {
        var quality = new PrimaryQuality(data);
        var costs = new TrainingCosts(data);
        var charts = new CostCharts(data, quality);
        Html[] sampling = charts.OfSampling() is { IsEmpty: false } chart ? [chart] : [];
        Html[] training = [.. costs.Charted.Select(charts.OfTraining).Where(drawn => !drawn.IsEmpty)];
        var table = new CostTable(data, quality, costs, charts);
        return new CostModel(
            Legend(data, sampling.Length == 0 ? [] : quality.Keys),
            sampling,
            training,
            Note(costs, charts, training.Length > 0, table.HasImageCosts),
            table.Columns,
            table.Rows,
            Parts.Sql(data.Sql.Costs(costs.Roles)),
            table.HasImageCosts ? Parts.Sql(data.Sql.ImageCosts(quality.Metric)) : Html.Empty);
    }

    private static string Note(TrainingCosts costs, CostCharts charts, bool drawn, bool hasImages)
    {
        string[] sentences =
        [
            $"Training cost includes {string.Join(" and ", costs.Roles)}" + (costs.CountsAll ? "." : "; stages that all arms share are excluded."),
            .. costs.Charted.Where(axis => !axis.Timing).Select(axis => AllEqual(charts, axis)).OfType<string>(),
            drawn ? "Large marks are means over seeds, small dots are seeds. The line is the Pareto front of the means." : "",
            costs.Charted.Any(axis => axis.Name.EndsWith("FLOP", StringComparison.Ordinal))
                ? "Training FLOP count a multiply-add as two operations and include attention." : "",
            hasImages ? "GFLOPs per image are 10⁹ multiply-adds in layers with weights, as papers count them (docs/evaluation.md)." : "",
        ];
        return string.Join(' ', sentences.Where(sentence => sentence.Length > 0));
    }

    /// <summary>In words what needs no chart.</summary>
    private static string? AllEqual(CostCharts charts, CostAxis axis) =>
        charts.Trained(axis) is { Count: > 1 } points && CostCharts.AllEqual([.. points.Select(point => point.Cost)])
            ? $"Every arm used {axis.Format(points[0].Cost)} {axis.Name}."
            : null;

    private static Html Legend(ReportData data, IReadOnlyList<string> keys) => keys.Count < 2
        ? Palette.Legend(data.Arms)
        : Html.Of($"{Palette.Legend(data.Arms)}<p class=\"legend\">{keys.Select(Key)}</p>");

    private static Html Key(string key, int shape) => Html.Of(
        $"<span class=\"key\">{ScatterChart.Key(shape)}{MetricName.OfKey(key)}</span> ");
}

/// <summary>What quality cost.</summary>
internal sealed record CostModel(
    Html Legend,
    IReadOnlyList<Html> Sampling,
    IReadOnlyList<Html> Training,
    string Note,
    IReadOnlyList<string> Columns,
    IReadOnlyList<CostRow> Rows,
    Html Sql,
    Html SamplingSql);

/// <param name="Cells">Whole cells.</param>
internal sealed record CostRow(Html Arm, IReadOnlyList<Html> Cells);

/// <summary>What each arm paid for training and for an image, beside what it got. Means over seeds; members of a front say so.</summary>
internal sealed class CostTable
{
    private readonly ReportData _data;
    private readonly PrimaryQuality _quality;
    private readonly TrainingCosts _costs;
    private readonly HashSet<(string Key, string Arm)> _drawn;
    private readonly HashSet<(CostAxis Axis, string Arm)> _trained;

    public CostTable(ReportData data, PrimaryQuality quality, TrainingCosts costs, CostCharts charts)
    {
        (this._data, this._quality, this._costs) = (data, quality, costs);
        HasImageCosts = charts.Drawn.Count > 0;
        _drawn = Different(charts.Drawn) ? [.. quality.Front(charts.Drawn).Select(point => (point.Key, point.Arm.Name))] : [];
        _trained =
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

    private IEnumerable<string> Headers(string key) => HasImageCosts ? [$"GFLOPs per image, {key}", key] : [key];

    private IEnumerable<Html> Cells(ArmView arm) =>
        _costs.Listed.Select(axis => Training(arm, axis)).Concat(_quality.Keys.SelectMany(key => Sampling(arm, key)));

    private Html Training(ArmView arm, CostAxis axis)
    {
        var cost = axis.Mean(arm);
        var parts = axis == _costs.Listed[0] && !axis.Timing ? _costs.Parts(arm) : "";
        return Cell(cost is null ? "–" : axis.Format(cost.Value), parts, _trained.Contains((axis, arm.Name)), axis.Timing);
    }

    private IEnumerable<Html> Sampling(ArmView arm, string key)
    {
        if (HasImageCosts)
        {
            var cost = ImageCosts.Of(_data, arm, _quality.Steps[key]);
            yield return Cell(ImageCosts.Number(cost?.Total), cost?.Parts ?? "");
        }

        var comparison = _data.Compare(key);
        yield return Cell(
            comparison.Conflict is { } conflict ? conflict.ToString() : Numbers.Significant(arm.Of(comparison).Summary.Mean),
            member: _drawn.Contains((key, arm.Name)));
    }

    private static Html Cell(string text, string below = "", bool member = false, bool timing = false)
    {
        var note = below.Length == 0 ? Html.Empty : Html.Of($"<span class=\"n\">{below}</span>");
        var front = member ? Html.Of($"<span class=\"n\">on the Pareto front</span>") : Html.Empty;
        return timing
            ? Html.Of($"<td class=\"number\" data-timing>{text}{note}{front}</td>")
            : Html.Of($"<td class=\"number\">{text}{note}{front}</td>");
    }
}
