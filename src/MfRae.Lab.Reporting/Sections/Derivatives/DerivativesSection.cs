using MfRae.Lab.Core.Tracking;
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
        return new DerivativesModel(
            Agreement(differences),
            Palette.Legend(arms.Select(arm => arm.Arm)),
            [.. arms.GroupBy(arm => arm.Precision).Select(group => Chart(group.Key, [.. group])).Where(chart => !chart.IsEmpty)],
            [.. differences.Select(arm => Parts.Arm(arm.Arm))],
            [.. steps.Select(step => Row(step, differences))],
            [.. arms.Select(Row)],
            Parts.Sql(data.Sql.DerivativeCurves),
            Parts.Sql(data.Sql.DerivativeErrors));
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
        return $"Over {Numbers.Plural(all.Length, "pair")} of arm and step, the measured error is between {At(0)} and {At(all.Length - 1)} "
            + "times the predicted one.";
    }

    /// <summary>The arms of one precision: marks for what was measured, lines for what was predicted, exact estimators dashed.</summary>
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
        var exact =
            from arm in arms
            where arm.Points.Count == 0
            let error = arm.Mean(DerivativeErrorNames.Error)
            where error > 0
            select new Rule(error.Value, arm.Arm.Name);
        return new ScatterChart($"{precision}: relative error of du/dt (log)", "δ", [.. points], [.. exact], [.. lines]).Draw();
    }

    private static DerivativesRow Row(DerivativePoint step, DerivativeArm[] differences) => new(
        Html.Text(step.Text),
        [.. differences.Select(arm => arm.Points.FirstOrDefault(point => point.Step == step.Step) is { } point
            ? Html.Of($"{Number(point.Measured)}<span class=\"n\">predicted {Number(point.Predicted)}</span>")
            : Html.Text("–"))]);

    private static DerivativesRow Row(DerivativeArm arm) => new(
        Parts.Arm(arm.Arm),
        [
            Html.Text(arm.Estimator),
            Html.Text(arm.Precision),
            .. ((string[])[DerivativeErrorNames.Error, DerivativeErrorNames.Median, DerivativeErrorNames.Tail, DerivativeErrorNames.Early])
                .Select(metric => Html.Text(Number(arm.Mean(metric)))),
            Html.Text(Number(arm.Mean(DerivativeErrorNames.Eta))),
            arm.Mean(DerivativeErrorNames.LowestRatio) is { } low && arm.Mean(DerivativeErrorNames.HighestRatio) is { } high
                ? Html.Text($"{Number(low)} to {Number(high)}")
                : Html.Text("–"),
        ]);

    private static string Number(double? value) => Numbers.Significant(value, Digits);
}
