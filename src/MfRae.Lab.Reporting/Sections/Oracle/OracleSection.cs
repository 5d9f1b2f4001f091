using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Oracle;

internal sealed class OracleSection : ISection
{
    private const string Deviation = OracleMetric.Deviation + "@1";
    private const string FixedPoint = OracleMetric.FixedPoint + "@1";
    private const string Floor = OracleMetric.Floor + "@1";

    public string Name => "Oracle";

    public string Title => "Comparison with the exact solution";

    public bool Has(ReportData data) => data.Keys.Contains(OracleMetric.Split);

    public object Model(ReportData data)
    {
        var arms = OracleArm.All(data);
        var groups = arms.GroupBy(arm => arm.Group).Select(group => group.ToArray()).ToArray();
        return new
        {
            Legend = groups.Where(group => group[0].Group.Length > 0).Select(group => new LegendKey(group[0].Arm.Css, group[0].Group)),
            Shapes = arms.All(arm => arm.IsDiagonal) ? "" : "Circles: the same λ for target velocity and tangent. Diamonds: different λ.",
            Charts = Charts(groups).Where(chart => !chart.IsEmpty),
            Tables = (OracleTable[])[Deviations(arms), Split(arms), Gradients(arms), Tails(arms)],
            ClosedForms = ClosedForms(data),
            Sql = data.Sql.Oracle,
        };
    }

    private static IEnumerable<Html> Charts(OracleArm[][] groups)
    {
        yield return OracleChart.OverLambda(
            "Distance to the exact flow (line: floor, the distance of the fixed point)", groups, Deviation, Floor);
        yield return OracleChart.OverLambda("Distance to the fixed point", groups, FixedPoint, null);
        yield return OracleChart.OverLambda(
            "Loss E‖u − τ‖² (line: predicted, bias + noise)", groups, OracleMetric.Split, OracleMetric.Split + OracleMetric.Predicted);
        yield return OracleChart.OverLambda(
            "Gradient variance per sample (line: predicted)", groups, OracleMetric.GradientVariance,
            OracleMetric.GradientVariance + OracleMetric.Predicted);
        yield return OracleChart.OverLambda(
            "Gradient noise at fixed z, r, t (line: predicted)", groups, OracleMetric.GradientNoise,
            OracleMetric.GradientNoise + OracleMetric.Predicted);
        yield return OracleChart.AgainstPrediction(
            groups, [OracleMetric.Split, OracleMetric.GradientVariance, OracleMetric.GradientNoise, OracleMetric.GradientBias]);
    }

    private static OracleTable Deviations(IReadOnlyList<OracleArm> arms) => Table(
        "Deviation in one step", "Root mean square (RMS) and median of the Euclidean distance between end points that start from the same noise. The fixed point is the network that minimises the loss exactly; the floor is its distance to the exact flow. The last three columns compare u at random times r, t instead of end points.",
        arms,
        ("λ of target, tangent", arm => Lambdas(arm)),
        ("RMS to exact flow", arm => Number(arm, Deviation)),
        ("median to exact flow", arm => Number(arm, OracleMetric.Deviation + OracleMetric.Median + "@1")),
        ("RMS to fixed point", arm => Number(arm, FixedPoint)),
        ("median to fixed point", arm => Number(arm, OracleMetric.FixedPoint + OracleMetric.Median + "@1")),
        ("RMS floor", arm => Number(arm, Floor)),
        ("median floor", arm => Number(arm, OracleMetric.Floor + OracleMetric.Median + "@1")),
        ("u to exact flow", arm => Number(arm, OracleMetric.Deviation + OracleMetric.Interval)),
        ("u to fixed point", arm => Number(arm, OracleMetric.FixedPoint + OracleMetric.Interval)),
        ("u floor", arm => Number(arm, OracleMetric.Floor + OracleMetric.Interval)));

    private static OracleTable Split(IReadOnlyList<OracleArm> arms) => Table(
        "Bias and noise of the loss",
        "Measured: the training loss, with the expectation over the one-point velocity computed exactly. Predicted: bias + noise. Discrepancy: relative difference of measured and predicted. Sampled: the training loss with one random draw per point, as in training.",
        arms,
        ("measured", arm => Number(arm, OracleMetric.Split)),
        ("predicted", arm => Number(arm, OracleMetric.Split + OracleMetric.Predicted)),
        ("bias", arm => Number(arm, OracleMetric.SplitBias)),
        ("noise", arm => Number(arm, OracleMetric.SplitNoise)),
        ("discrepancy", arm => Number(arm, OracleMetric.SplitDiscrepancy)),
        ("sampled", arm => Number(arm, OracleMetric.SplitSampled)));

    private static OracleTable Gradients(IReadOnlyList<OracleArm> arms) => Table(
        "Gradient of one sample’s loss",
        "Variance: over points and draws. Noise: its part at fixed z, r, t. Exact mean: norm of the mean gradient with the exact velocity. "
            + "Bias: norm of the difference between the mean gradient and that exact mean. Best λ: the λ with the smallest mean squared error "
            + "of the gradient of a training batch.",
        arms,
        ("variance", arm => Number(arm, OracleMetric.GradientVariance)),
        ("predicted", arm => Number(arm, OracleMetric.GradientVariance + OracleMetric.Predicted)),
        ("noise", arm => Number(arm, OracleMetric.GradientNoise)),
        ("predicted", arm => Number(arm, OracleMetric.GradientNoise + OracleMetric.Predicted)),
        ("bias", arm => Number(arm, OracleMetric.GradientBias)),
        ("predicted", arm => Number(arm, OracleMetric.GradientBias + OracleMetric.Predicted)),
        ("exact mean", arm => Number(arm, OracleMetric.GradientOracle)),
        ("best λ", arm => Number(arm, OracleMetric.GradientLambda)));

    private static OracleTable Tails(IReadOnlyList<OracleArm> arms)
    {
        (string, Func<OracleArm, string>)[] Columns(string name, string of) =>
        [
            .. OracleMetric.Quantiles.Select(percent => ($"{of} {Numbers.Significant(percent)} %",
                (Func<OracleArm, string>)(arm => Number(arm, OracleMetric.Quantile(name, percent))))),
        ];
        return Table(
            "Tail of the target noise", "Quantiles of ‖J(v̂ − v)‖² over points and draws, where J is the Jacobian of the flow map, from the network or from the exact flow.",
            arms, [.. Columns(OracleMetric.Noise, "network"), .. Columns(OracleMetric.FlowNoise, "flow")]);
    }

    /// <summary>The errors of the closed forms that the dataset stages measured, one column for each distribution.</summary>
    private static MeasurementTable ClosedForms(ReportData data)
    {
        var stages = data.Role("dataset");
        return MeasurementTable.Of(
            [.. stages.SelectMany(group => group.Stage.Measurements)],
            measurement => MetricName.Label(measurement.Metric),
            measurement => stages.Count == 1 ? "largest relative error" : "distribution " + Numbers.Short(measurement.Reference));
    }

    private static OracleTable Table(
        string title, string note, IReadOnlyList<OracleArm> arms, params (string Name, Func<OracleArm, string> Cell)[] columns) => new(
        title,
        note,
        [.. columns.Select(column => column.Name)],
        [.. arms.Select(arm => new OracleRow(arm.Arm, [.. columns.Select(column => column.Cell(arm))]))]);

    private static string Number(OracleArm arm, string key) => Numbers.Significant(arm.Mean(key), 3);

    private static string Lambdas(OracleArm arm) => $"{Numbers.Plain(arm.Lambda)}, {Numbers.Plain(arm.TangentLambda)}";
}

/// <summary>A table of values, one row an arm.</summary>
/// <param name="Note">Explains the columns.</param>
internal sealed record OracleTable(string Title, string Note, IReadOnlyList<string> Columns, IReadOnlyList<OracleRow> Rows);

internal sealed record OracleRow(ArmView Arm, IReadOnlyList<string> Cells);

/// <summary>An arm with its two λ and its values.</summary>
/// <param name="Group">The other options in which arms differ; empty if they differ in λ only.</param>
internal sealed record OracleArm(ReportData Data, ArmView Arm, double Lambda, double TangentLambda, string Group)
{
    private static readonly string[] LambdaPaths = ["meanflow.lambda", "meanflow.tangentLambda"];

    /// <summary>Whether target velocity and tangent have the same λ.</summary>
    public bool IsDiagonal => Lambda == TangentLambda;

    /// <summary>The arms that have a λ and were measured against an oracle.</summary>
    public static IReadOnlyList<OracleArm> All(ReportData data) =>
        [.. data.Arms.Select(arm => Of(data, arm)).OfType<OracleArm>()];

    /// <summary>The measured values, by seed.</summary>
    public IReadOnlyList<(long Seed, double Value)> Values(string key) =>
    [
        .. from run in Arm.Runs
           let found = RunMeasurement.Of(run, Data.Stages).GetValueOrDefault(key)
           where found?.Measurement.Value is not null
           select (run.Seed, found.Measurement.Value!.Value),
    ];

    /// <summary>The mean over seeds; null without a value, or if the seeds were not measured in the same way.</summary>
    public double? Mean(string key) =>
        Arm.Of(Data.Compare(key)).Conflict is null && Values(key) is { Count: > 0 } values ? values.Average(value => value.Value) : null;

    /// <summary>Whether the values of all arms were measured in the same way, so that one chart can show them.</summary>
    public bool IsComparable(string key) => Data.Compare(key).Conflict is null;

    private static OracleArm? Of(ReportData data, ArmView arm)
    {
        var options = StoredJson.Parse(arm.Record.OptionsJson);
        return StoredJson.Number(StoredJson.Find(options, "meanflow", "lambda")) is not { } lambda ? null : new(
            data, arm, lambda, StoredJson.Number(StoredJson.Find(options, "meanflow", "tangentLambda")) ?? lambda, GroupOf(data, arm));
    }

    private static string GroupOf(ReportData data, ArmView arm) => string.Join(", ", data.Options.Rows
        .Where(row => row.Differs && !LambdaPaths.Contains(row.Path) && row.Values[arm.Index].Length > 0)
        .Select(row => $"{row.Path} {row.Values[arm.Index].Replace("\"", "")}"));
}

/// <summary>Charts of measured values (marks) and predictions (lines). A group of arms has the colour of its first arm.</summary>
internal static class OracleChart
{
    /// <summary>Values over the λ of the target: a mark for each seed, and a line through the predictions for arms with a single λ.</summary>
    public static Html OverLambda(string title, OracleArm[][] groups, string measured, string? predicted)
    {
        var points = groups.SelectMany(group => group.Where(arm => arm.IsComparable(measured)).SelectMany(arm => arm.Values(measured)
            .Select(value => new ScatterPoint(
            arm.Lambda, value.Value, group[0].Arm.Css, arm.IsDiagonal ? 0 : 1,
            $"{arm.Arm.Name}, seed {value.Seed}: {Numbers.Significant(value.Value)}{Beside(arm, predicted)}"))));
        var lines = predicted is null ? [] : groups.Select(group => Line(group, predicted)).Where(line => line.Points.Count > 1);
        return new ScatterChart(title, "λ of the target velocity", [.. points], [], [.. lines]).Draw();
    }

    /// <summary>Measured values against their predictions; the line marks equality.</summary>
    public static Html AgainstPrediction(OracleArm[][] groups, IReadOnlyList<string> keys)
    {
        var points = (
            from arms in groups
            from arm in arms
            from key in keys.Select((name, shape) => (Name: name, Shape: shape))
            let x = arm.Mean(key.Name + MfRae.Lab.Core.Metrics.OracleMetric.Predicted)
            let y = arm.Mean(key.Name)
            where x > 0 && y > 0
            select new ScatterPoint(
                x.Value, y.Value, arms[0].Arm.Css, key.Shape,
                $"{arm.Arm.Name}, {MetricName.Label(key.Name)}: {Numbers.Significant(y)}, predicted {Numbers.Significant(x)}")).ToArray();
        var ends = points.Length == 0 ? [] : new[] { points.Min(point => point.X), points.Max(point => point.X) };
        var equal = new Line("equal", "all", [.. ends.Select(end => Point(end, end))]);
        return new ScatterChart("Measured against predicted", "predicted", points, [], [equal]).Draw();
    }

    private static Line Line(OracleArm[] group, string key) => new(
        group[0].Group,
        group[0].Arm.Css,
        [.. group
            .Where(arm => arm.IsDiagonal && arm.IsComparable(key) && arm.Mean(key) is not null)
            .OrderBy(arm => arm.Lambda)
            .Select(arm => Point(arm.Lambda, arm.Mean(key)!.Value))]);

    private static CurvePoint Point(double x, double y) => new(x, y, y, y);

    private static string Beside(OracleArm arm, string? key) =>
        key is not null && arm.Mean(key) is { } value ? $", {MetricName.OfKey(key)} {Numbers.Significant(value)}" : "";
}
