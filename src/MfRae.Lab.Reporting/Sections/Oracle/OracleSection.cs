using MfRae.Lab.Core.Tracking;
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

    public string Title => "Against the oracle";

    public bool Has(ReportData data) => data.Keys.Contains(OracleMetric.Split);

    public object Model(ReportData data)
    {
        var arms = OracleArm.All(data);
        var groups = arms.GroupBy(arm => arm.Group).Select(group => group.ToArray()).ToArray();
        return new OracleModel(
            Html.Of($"<p class=\"legend\">{groups.Select(Key)}</p>"),
            arms.All(arm => arm.IsDiagonal) ? "" : "Circles: one λ for aim and direction. Diamonds: two.",
            [.. Charts(groups).Where(chart => !chart.IsEmpty)],
            [Deviations(arms), Split(arms), Gradients(arms), Tails(arms)],
            ClosedForms(data),
            Parts.Sql(data.Sql.Oracle));
    }

    private static IEnumerable<Html> Charts(OracleArm[][] groups)
    {
        yield return OracleChart.OverLambda(
            "Distance to the exact flow (line: its floor, the fixed point’s own distance)", groups, Deviation, Floor);
        yield return OracleChart.OverLambda("Distance to the fixed point", groups, FixedPoint, null);
        yield return OracleChart.OverLambda(
            "E‖u − τ‖² (line: bias plus noise)", groups, OracleMetric.Split, OracleMetric.Split + OracleMetric.Predicted);
        yield return OracleChart.OverLambda(
            "Gradient variance of a sample (line: predicted)", groups, OracleMetric.GradientVariance,
            OracleMetric.GradientVariance + OracleMetric.Predicted);
        yield return OracleChart.OverLambda(
            "Its noise at fixed z, r, t (line: predicted)", groups, OracleMetric.GradientNoise,
            OracleMetric.GradientNoise + OracleMetric.Predicted);
        yield return OracleChart.AgainstPrediction(
            groups, [OracleMetric.Split, OracleMetric.GradientVariance, OracleMetric.GradientNoise, OracleMetric.GradientBias]);
    }

    private static OracleTable Deviations(IReadOnlyList<OracleArm> arms) => Table(
        "Deviation in one step", "Root mean square and median of the Euclidean distance of end points, all from the same noise.",
        arms,
        ("λ, μ", arm => Lambdas(arm)),
        ("to the exact flow", arm => Number(arm, Deviation)),
        ("median", arm => Number(arm, OracleMetric.Deviation + OracleMetric.Median + "@1")),
        ("to the fixed point", arm => Number(arm, FixedPoint)),
        ("median", arm => Number(arm, OracleMetric.FixedPoint + OracleMetric.Median + "@1")),
        ("floor", arm => Number(arm, Floor)),
        ("median", arm => Number(arm, OracleMetric.Floor + OracleMetric.Median + "@1")),
        ("u at random r, t", arm => Number(arm, OracleMetric.Deviation + OracleMetric.Interval)),
        ("to the fixed point", arm => Number(arm, OracleMetric.FixedPoint + OracleMetric.Interval)),
        ("floor", arm => Number(arm, OracleMetric.Floor + OracleMetric.Interval)));

    private static OracleTable Split(IReadOnlyList<OracleArm> arms) => Table(
        "The split of the loss",
        "Measured: the training objective, with the expectation over the one-point velocity taken exactly. Sampled: with one draw.",
        arms,
        ("measured", arm => Number(arm, OracleMetric.Split)),
        ("predicted", arm => Number(arm, OracleMetric.Split + OracleMetric.Predicted)),
        ("bias", arm => Number(arm, OracleMetric.SplitBias)),
        ("noise", arm => Number(arm, OracleMetric.SplitNoise)),
        ("discrepancy", arm => Number(arm, OracleMetric.SplitDiscrepancy)),
        ("sampled", arm => Number(arm, OracleMetric.SplitSampled)));

    private static OracleTable Gradients(IReadOnlyList<OracleArm> arms) => Table(
        "The gradient of a sample’s loss",
        "Variance over points and draws; noise is its part at fixed z, r, t. Bias is the length of the mean’s difference from the mean with "
            + "the exact velocity, whose own length is last but one. Best λ is that of least mean squared error for the training batch.",
        arms,
        ("variance", arm => Number(arm, OracleMetric.GradientVariance)),
        ("predicted", arm => Number(arm, OracleMetric.GradientVariance + OracleMetric.Predicted)),
        ("noise", arm => Number(arm, OracleMetric.GradientNoise)),
        ("predicted", arm => Number(arm, OracleMetric.GradientNoise + OracleMetric.Predicted)),
        ("bias", arm => Number(arm, OracleMetric.GradientBias)),
        ("predicted", arm => Number(arm, OracleMetric.GradientBias + OracleMetric.Predicted)),
        ("oracle mean", arm => Number(arm, OracleMetric.GradientOracle)),
        ("best λ", arm => Number(arm, OracleMetric.GradientLambda)));

    private static OracleTable Tails(IReadOnlyList<OracleArm> arms)
    {
        (string, Func<OracleArm, string>)[] Columns(string name, string of) =>
        [
            .. OracleMetric.Quantiles.Select(percent => ($"{of} {Numbers.Significant(percent)} %",
                (Func<OracleArm, string>)(arm => Number(arm, OracleMetric.Quantile(name, percent))))),
        ];
        return Table(
            "The tail of the target noise", "Quantiles of ‖J(v̂ − v)‖² over points and draws, with the network’s J and with the exact flow’s.",
            arms, [.. Columns(OracleMetric.Noise, "network"), .. Columns(OracleMetric.FlowNoise, "flow")]);
    }

    /// <summary>What the dataset stages found of their closed forms, once for each distribution.</summary>
    private static Html ClosedForms(ReportData data)
    {
        var stages = data.Role("dataset");
        return Parts.Grid(
            [.. stages.SelectMany(group => group.Stage.Measurements)],
            measurement => MetricName.Label(measurement.Metric),
            measurement => stages.Count == 1 ? "largest relative error" : "distribution " + Numbers.Short(measurement.Reference));
    }

    private static OracleTable Table(
        string title, string note, IReadOnlyList<OracleArm> arms, params (string Name, Func<OracleArm, string> Cell)[] columns) => new(
        title,
        note,
        [.. columns.Select(column => column.Name)],
        [.. arms.Select(arm => new OracleRow(Parts.Arm(arm.Arm), [.. columns.Select(column => column.Cell(arm))]))]);

    private static string Number(OracleArm arm, string key) => Numbers.Significant(arm.Mean(key), 3);

    private static string Lambdas(OracleArm arm) => $"{Numbers.Plain(arm.Lambda)}, {Numbers.Plain(arm.TangentLambda)}";

    private static Html Key(OracleArm[] group) => group[0].Group.Length == 0 ? Html.Empty : Palette.Key(group[0].Arm.Css, group[0].Group);
}
