using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Derivatives;

/// <summary>An arm whose estimator of du/dt was measured.</summary>
/// <param name="Points">Its errors by ascending step δ; none for an exact estimator.</param>
internal sealed record DerivativeArm(
    ArmView Arm, string Estimator, string Precision, IReadOnlyList<StageRecord> Stages, IReadOnlyList<DerivativePoint> Points)
{
    public static IReadOnlyList<DerivativeArm> All(ReportData data) => [.. data.Arms.Select(arm => Of(data, arm)).OfType<DerivativeArm>()];

    /// <summary>The mean over seeds; null where it was not measured, or where the seeds measured values of different identities.</summary>
    public double? Mean(string metric)
    {
        Measurement[] values = [.. Measured(Stages, metric)];
        return MeasurementIdentity.Difference(values) is null ? Average(values.Select(measurement => measurement.Value)) : null;
    }

    private static IEnumerable<Measurement> Measured(IEnumerable<StageRecord> stages, string metric) =>
        stages.Select(stage => stage.Measurements.LastOrDefault(measurement => measurement.Metric == metric)).OfType<Measurement>();

    private static DerivativeArm? Of(ReportData data, ArmView arm)
    {
        StageRecord[] stages = [.. arm.Runs.Select(run => data.Stage(run, DerivativeErrorNames.Error)).OfType<StageRecord>()
            .Where(stage => stage.Measurements.Count > 0)];
        if (stages.Length == 0)
        {
            return null;
        }

        var study = StoredJson.Find(StoredJson.Parse(stages[0].DefinitionJson), "study");
        return new(
            arm,
            StoredJson.Text(StoredJson.Find(study, "derivative", "kind")) ?? "",
            StoredJson.Text(StoredJson.Find(study, "precision")) ?? "",
            stages,
            PointsOf(stages));
    }

    private static List<DerivativePoint> PointsOf(StageRecord[] stages)
    {
        // A curve has the identity of the measurements of its stage.
        var mixed = MeasurementIdentity.Difference(Measured(stages, DerivativeErrorNames.Error)) is not null;
        double? At(string name, long step) => mixed ? null : Average(stages.Select(stage => stage.Series.FirstOrDefault(series => series.Name == name))
            .OfType<SeriesRecord>()
            .Select(series => series.Steps.ToList().IndexOf(step) is >= 0 and var place ? series.Values[place] : null));
        var steps = stages.SelectMany(stage => stage.Series).SelectMany(series => series.Steps).Distinct().Order();
        return
        [
            .. steps.Select(step => new DerivativePoint(
                step,
                At(DerivativeErrorNames.Error, step),
                At(DerivativeErrorNames.Predicted, step),
                At(DerivativeErrorNames.Rounding, step),
                At(DerivativeErrorNames.Truncation, step),
                At(DerivativeErrorNames.Early, step))),
        ];
    }

    private static double? Average(IEnumerable<double?> values)
    {
        var finite = values.OfType<double>().ToArray();
        return finite.Length == 0 ? null : finite.Average();
    }
}
