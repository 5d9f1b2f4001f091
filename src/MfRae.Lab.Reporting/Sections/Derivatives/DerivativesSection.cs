using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Derivatives;

internal sealed class DerivativesSection : ISection
{
    private const int Digits = 2;

    public string Name => "Derivatives";

    public string Title => "Derivative estimates";

    public bool Has(ReportData data) => DerivativeArm.All(data).Count > 0;

    public object Model(ReportData data)
    {
        var arms = DerivativeArm.All(data);
        DerivativeArm[] differences = [.. arms.Where(arm => arm.Points.Count > 0)];
        var steps = differences.SelectMany(arm => arm.Points).DistinctBy(point => point.Step).OrderBy(point => point.Step);
        return new
        {
            Agreement = Agreement(differences),
            Legend = arms.Select(arm => arm.Arm),
            Charts = arms.GroupBy(arm => arm.Precision).Select(group => Chart(group.Key, [.. group])).Where(chart => !chart.IsEmpty),
            Columns = differences.Select(arm => arm.Arm),
            Steps = steps.Select(step => Row(step, differences)).ToArray(),
            Arms = arms.Select(arm => new { arm.Arm, Cells = Cells(arm) }),
            CurvesSql = data.Sql.DerivativeCurves,
            ArmsSql = data.Sql.DerivativeErrors,
        };
    }

    private static string Agreement(DerivativeArm[] differences)
    {
        var all = (
            from arm in differences
            from point in arm.Points
            where point.Ratio is not null
            orderby point.Ratio
            select (arm.Arm.Name, point.Text, Ratio: point.Ratio!.Value)).ToArray();
        if (all.Length == 0)
        {
            return "";
        }

        string At(int place) =>
            $"{Numbers.Significant(all[place].Ratio, Digits)} ({all[place].Name}, δ = {all[place].Text})";
        return $"In {Numbers.Plural(all.Length, "combination")} of arm and step size δ, the measured error is between {At(0)} and {At(all.Length - 1)} "
            + "times the predicted error.";
    }

    /// <summary>A chart of the arms of one precision: marks are measured, lines predicted, and dashed lines exact estimators.</summary>
    private static Html Chart(string precision, DerivativeArm[] arms)
    {
        var points =
            from arm in arms
            from point in arm.Points
            where point.Measured > 0
            select new ScatterPoint(
                point.Delta, point.Measured!.Value, arm.Arm.Css, 0,
                $"{arm.Arm.Name}, δ = {point.Text}: {Numbers.Significant(point.Measured, Digits)}, "
                    + $"predicted {Numbers.Significant(point.Predicted, Digits)}");
        var lines = arms.Select(arm => new Line(arm.Arm.Name, arm.Arm.Css,
        [
            .. from point in arm.Points
               where point.Predicted > 0
               let value = point.Predicted!.Value
               select new CurvePoint(point.Delta, value, value, value),
        ])).Where(line => line.Points.Count > 0);
        var exact = arms.Where(arm => arm.Points.Count == 0).Select(arm => (arm.Arm.Name, Error: arm.Mean(DerivativeErrorNames.Error)))
            .Where(arm => arm.Error > 0).OrderByDescending(arm => arm.Error).ToArray();
        // The lines are so close that only one has room for a label: the names of all lines, from top to bottom.
        var rules = exact.Select((arm, at) => new ReferenceLine(arm.Error!.Value, at == 0 ? string.Join(", ", exact.Select(one => one.Name)) : ""));
        return new ScatterChart($"{precision}: relative error of du/dt (log)", "step size δ", [.. points], [.. rules], [.. lines]).Draw();
    }

    private static object Row(DerivativePoint step, DerivativeArm[] differences) => new
    {
        step.Text,
        Cells = differences.Select(arm => arm.Points.FirstOrDefault(point => point.Step == step.Step) is { } point
            ? new { Measured = Number(point.Measured), Predicted = Number(point.Predicted) }
            : null),
    };

    private static string[] Cells(DerivativeArm arm) =>
    [
        arm.Estimator,
        arm.Precision,
        Number(arm.Mean(DerivativeErrorNames.Error)),
        Number(arm.Mean(DerivativeErrorNames.Median)),
        Number(arm.Mean(DerivativeErrorNames.Tail)),
        Number(arm.Mean(DerivativeErrorNames.Early)),
        Number(arm.Mean(DerivativeErrorNames.Eta)),
        arm.Mean(DerivativeErrorNames.LowestRatio) is { } low && arm.Mean(DerivativeErrorNames.HighestRatio) is { } high
            ? $"{Number(low)} to {Number(high)}"
            : "–",
    ];

    private static string Number(double? value) => Numbers.Significant(value, Digits);
}

/// <summary>An arm whose estimator of du/dt was measured.</summary>
/// <param name="Points">The errors by ascending step δ; empty for an exact estimator.</param>
internal sealed record DerivativeArm(
    ArmView Arm, string Estimator, string Precision, IReadOnlyList<StageRecord> Stages, IReadOnlyList<DerivativePoint> Points)
{
    public static IReadOnlyList<DerivativeArm> All(ReportData data) => [.. data.Arms.Select(arm => Of(data, arm)).OfType<DerivativeArm>()];

    /// <summary>The mean over seeds; null if the metric was not measured, or not comparably in all seeds.</summary>
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
        // A curve is comparable if the measurements of its stage are.
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

/// <summary>The relative error of a difference at one step δ, measured and predicted; means over seeds.</summary>
/// <param name="Step">δ as the step of a series.</param>
internal sealed record DerivativePoint(
    long Step, double? Measured, double? Predicted, double? Rounding, double? Truncation, double? Early)
{
    public double Delta => DerivativeErrorNames.Delta(Step);

    /// <summary>δ as a text: `5e−3`.</summary>
    public string Text => Delta.ToString("0.#e-0", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>Measured over predicted.</summary>
    public double? Ratio => Measured / Predicted;
}
