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
        var sampling = charts.OfSampling();
        CostChart[] training = [.. costs.Charted.Select(charts.OfTraining).OfType<CostChart>()];
        var table = new CostTable(data, quality, costs, charts);
        return new
        {
            data.Arms,
            // With one number of steps all marks have the same shape.
            Shapes = sampling is null || quality.Keys.Count < 2 ? []
                : quality.Keys.Select((key, shape) => new { Mark = ScatterChart.Key(shape), Name = MetricName.OfKey(key) }).ToArray(),
            Sampling = sampling,
            Training = training,
            Note = Note(costs, charts, training.Length > 0, table.HasImageCosts),
            table.Columns,
            table.Rows,
            Sql = data.Sql.Costs(costs.Roles),
            SamplingSql = table.HasImageCosts ? data.Sql.ImageCosts(quality.Metric) : null,
        };
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
            costs.TeacherNote,
            hasImages ? "GFLOPs per image are 10⁹ multiply-adds in layers with weights, as papers count them (docs/evaluation.md)." : "",
        ];
        return string.Join(' ', sentences.Where(sentence => sentence.Length > 0));
    }

    /// <summary>A sentence in place of a chart if all arms have the same cost.</summary>
    private static string? AllEqual(CostCharts charts, CostAxis axis) =>
        charts.Trained(axis) is { Count: > 1 } points && CostCharts.AllEqual([.. points.Select(point => point.Cost)])
            ? $"Every arm used {axis.Format(points[0].Cost)} {axis.Name}."
            : null;
}

/// <summary>One arm of the table.</summary>
internal sealed record CostRow(ArmView Arm, IReadOnlyList<CostCell> Cells);

/// <summary>A cost or a quality.</summary>
/// <param name="Below">The parts of the cost; the empty string for a single part.</param>
/// <param name="IsOnFront">Whether the value is on a Pareto front.</param>
/// <param name="Timing">Whether the value depends on how the work ran, and so differs between repetitions.</param>
internal sealed record CostCell(string Text, string Below = "", bool IsOnFront = false, bool Timing = false);

/// <summary>The costs of training and of an image for each arm, and its quality, as means over seeds.</summary>
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
        Rows = [.. data.Arms.Select(arm => new CostRow(arm, [.. Cells(arm)]))];
    }

    public bool HasImageCosts { get; }

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<CostRow> Rows { get; }

    private static bool Different(IReadOnlyList<CostPoint> points) => !CostCharts.AllEqual([.. points.Select(point => point.Cost)]);

    private IEnumerable<string> Headers(string key) => HasImageCosts ? [$"GFLOPs per image, {key}", key] : [key];

    private IEnumerable<CostCell> Cells(ArmView arm) =>
        _costs.Listed.Select(axis => Training(arm, axis)).Concat(_quality.Keys.SelectMany(key => Sampling(arm, key)));

    private CostCell Training(ArmView arm, CostAxis axis)
    {
        var cost = axis.Mean(arm);
        var parts = axis == _costs.Listed[0] && !axis.Timing ? _costs.Parts(arm) : "";
        return new(cost is null ? "–" : axis.Format(cost.Value), parts, _trained.Contains((axis, arm.Name)), axis.Timing);
    }

    private IEnumerable<CostCell> Sampling(ArmView arm, string key)
    {
        if (HasImageCosts)
        {
            var cost = ImageCosts.Of(_data, arm, _quality.Steps[key]);
            yield return new(ImageCosts.Number(cost?.Total), cost?.Parts ?? "");
        }

        var comparison = _data.Compare(key);
        yield return new(
            comparison.Conflict is { } conflict ? conflict.ToString() : Numbers.Significant(arm.Of(comparison).Summary.Mean),
            IsOnFront: _drawn.Contains((key, arm.Name)));
    }
}
