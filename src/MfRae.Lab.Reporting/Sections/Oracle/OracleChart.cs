using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Oracle;

/// <summary>Measured values as marks, predicted ones as lines. A group of arms has one colour, that of its first arm.</summary>
internal static class OracleChart
{
    /// <summary>Over the λ of the aim: a mark for each seed, and the prediction's mean along the arms with a single λ.</summary>
    public static Html OverLambda(string title, OracleArm[][] groups, string measured, string? predicted)
    {
        var points = groups.SelectMany(group => group.Where(arm => arm.IsComparable(measured)).SelectMany(arm => arm.Values(measured)
            .Select(value => new ScatterPoint(
            arm.Lambda, value.Value, group[0].Arm.Css, arm.IsDiagonal ? 0 : 1,
            $"{arm.Arm.Name}, seed {value.Seed}: {Numbers.Significant(value.Value)}{Beside(arm, predicted)}"))));
        var lines = predicted is null ? [] : groups.Select(group => Line(group, predicted)).Where(line => line.Points.Count > 1);
        return new ScatterChart(title, "λ of the velocity aimed at", [.. points], [], [.. lines]).Draw();
    }

    /// <summary>Every measured value against its own prediction; the line is where they are equal.</summary>
    public static Html AgainstPrediction(OracleArm[][] groups, IReadOnlyList<string> keys)
    {
        var points = (
            from arms in groups
            from arm in arms
            from key in keys.Select((name, shape) => (Name: name, Shape: shape))
            let x = arm.Mean(key.Name + Core.Tracking.OracleMetric.Predicted)
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
