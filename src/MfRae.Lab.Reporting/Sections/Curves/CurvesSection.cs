using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Curves;

internal sealed class CurvesSection : ISection
{
    /// <summary>Stages that train, the ones an experiment is usually about first.</summary>
    private static readonly string[] Roles = ["meanflow", "cmt", "teacher", "decoder", "encoder", "features"];

    public string Name => "Curves";

    public string Title => "Curves";

    public object Model(ReportData data)
    {
        var metric = Root(data.Record.PrimaryMetric);
        var own = data.Role("evaluation").SelectMany(group => group.Stage.Measurements)
            .Where(measurement => measurement.HigherIsBetter is not null)
            .Select(measurement => measurement.Key)
            .ToHashSet();
        var shown = data.Keys.Where(key => Root(key) == metric || own.Contains(key)).ToLookup(key => Root(key) == metric);
        var budget = CurveBudget.Of(data, Roles);
        return new CurvesModel(
            Palette.Legend(data.Arms),
            [.. shown[true].Select(key => MetricChart.Of(data, key).Draw()).Where(chart => !chart.IsEmpty)],
            [.. shown[false].Select(key => MetricChart.Of(data, key).Draw()).Where(chart => !chart.IsEmpty)],
            [.. Roles.Select(role => TrainingCurves.Of(data, role, budget)).OfType<CurvesStage>()]);
    }

    private static string Root(string key) => key.Split('@')[0];
}
