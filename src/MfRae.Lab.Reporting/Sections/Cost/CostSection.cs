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
            $"Training counts {string.Join(" and ", costs.Roles)}" + (costs.CountsAll ? "." : "; what all arms share is not counted."),
            .. costs.Charted.Where(axis => !axis.Timing).Select(axis => AllEqual(charts, axis)).OfType<string>(),
            drawn ? "Marks are means over seeds, and so is what the front is made of; small dots are seeds." : "",
            costs.Charted.Any(axis => axis.Name.EndsWith("FLOP", StringComparison.Ordinal))
                ? "FLOP of training count two operations for a multiply-add, attention included." : "",
            hasImages ? "GFLOPs an image are 10⁹ multiply-adds of layers with weights, as papers count them (docs/evaluation.md)." : "",
        ];
        return string.Join(' ', sentences.Where(sentence => sentence.Length > 0));
    }

    /// <summary>In words what needs no chart.</summary>
    private static string? AllEqual(CostCharts charts, CostAxis axis) =>
        charts.Trained(axis) is { Count: > 1 } points && CostCharts.AllEqual([.. points.Select(point => point.Cost)])
            ? $"Every arm took {axis.Format(points[0].Cost)} {axis.Name}."
            : null;

    private static Html Legend(ReportData data, IReadOnlyList<string> keys) => keys.Count < 2
        ? Palette.Legend(data.Arms)
        : Html.Of($"{Palette.Legend(data.Arms)}<p class=\"legend\">{keys.Select(Key)}</p>");

    private static Html Key(string key, int shape) => Html.Of(
        $"<span class=\"key\">{ScatterChart.Key(shape)}{MetricName.OfKey(key)}</span> ");
}
