using System.Text.Json.Nodes;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Progress;

internal sealed class ProgressSection : ISection
{
    public const string Role = "snapshots";

    public string Name => "Progress";

    public string Title => "Quality over training";

    public bool Has(ReportData data) => ProgressArm.All(data).Count > 0;

    public object Model(ReportData data)
    {
        var arms = ProgressArm.All(data);
        var conflict = Conflict(data);
        var cost = new ProgressCost(data);
        var samples = Definitions(data).Select(definition => definition?["samples"]?.ToString()).First() ?? "";
        var title = $"FID of {(long.TryParse(samples, out var count) ? Numbers.Count(count) : samples)} one-step samples";
        var scale = Unit(arms);
        LineChart Chart(string horizontal, Func<ProgressArm, double, double> across, Func<ProgressSeed, double, double> alone) => new(
            title,
            horizontal,
            [.. arms.Select(arm => new Line(
                arm.Arm.Name,
                arm.Arm.Css,
                Moved(arm.Mean, step => across(arm, step)),
                arm.Seeds.Count < 2 ? null : [.. arm.Seeds.Select(seed => Moved(seed.Points, step => alone(seed, step)))]))]);

        var steps = Chart("steps of MeanFlow training", (_, step) => step, (_, step) => step);
        var operations = scale is not { } unit ? null : Chart(
            $"training operations, {unit.Name}", (arm, step) => arm.Operations(step)!.Value / unit.Size,
            (seed, step) => seed.Operations!.At(step) / unit.Size);
        var seconds = Chart($"training {cost.Unit}", (arm, step) => arm.Seconds(step), (seed, step) => seed.Seconds.At(step));
        var target = arms.FirstOrDefault(arm => arm.Arm.Record.Baseline)?.End;
        return new ProgressModel(
            conflict,
            Palette.Legend(arms.Select(arm => arm.Arm)),
            conflict.Length > 0 ? [] : [.. new[] { steps, operations }.OfType<LineChart>().Select(chart => chart.Draw())],
            conflict.Length > 0 ? Html.Empty : seconds.Draw(),
            $"The averaged weights as they were on the way, each measured by as many samples from the same noise and labels: comparable here, "
                + "and with no FID of more samples. Line: mean of the seeds; band: their range. Operations and seconds count "
                + $"{cost.Counted}, evenly over the steps; what all arms share is not counted.",
            conflict.Length > 0 || target is null ? "" : $"The baseline ends with {Numbers.Significant(target)}. When an arm’s mean is first as "
                + "low as that, read straight between snapshots:",
            cost.Unit,
            conflict.Length > 0 || target is not { } aim ? [] : [.. arms.Select(arm => Row(arm, aim, arms, scale))],
            Parts.Sql(data.Sql.Snapshots));
    }

    private static ProgressRow Row(ProgressArm arm, double target, IReadOnlyList<ProgressArm> arms, (string Name, double Size)? scale)
    {
        var at = arm.Reaches(target);
        var baseline = arms.First(other => other.Arm.Record.Baseline).Steps;
        return new(
            Parts.Arm(arm.Arm),
            Numbers.Significant(arm.End),
            at is { } step ? Numbers.Significant(step, 3) : "not reached",
            at is { } share ? Numbers.Significant(100 * share / baseline, 3) + " %" : "–",
            at is { } there && scale is { } unit ? $"{Numbers.Significant(arm.Operations(there) / unit.Size, 3)} {unit.Name}" : "–",
            at is { } then ? Numbers.Significant(arm.Seconds(then), 3) : "–");
    }

    /// <summary>The unit that suits what whole trainings take; null where some record does not tell.</summary>
    private static (string Name, double Size)? Unit(IReadOnlyList<ProgressArm> arms)
    {
        var most = arms.Max(arm => arm.Operations(arm.Steps));
        return most is null || arms.Any(arm => arm.Operations(arm.Steps) is null) ? null
            : most >= 1e18 ? ("EFLOP", 1e18)
            : most >= 1e15 ? ("PFLOP", 1e15)
            : most >= 1e12 ? ("TFLOP", 1e12)
            : ("GFLOP", 1e9);
    }

    private static IReadOnlyList<CurvePoint> Moved(IReadOnlyList<CurvePoint> points, Func<double, double> to) =>
        [.. points.Select(point => point with { Step = to(point.Step) })];

    /// <summary>Snapshots that were measured in different ways are values of different things.</summary>
    private static string Conflict(ReportData data)
    {
        var stages = data.Role(Role).Select(group => group.Stage).ToArray();
        var definitions = Definitions(data).ToArray();
        var judges = stages.SelectMany(stage => stage.Inputs.Keys)
            .Where(input => input == "features" || input.StartsWith("reference.", StringComparison.Ordinal));
        var field = new[] { "samples", "seed", "labels", "reference" }
                .FirstOrDefault(name => definitions.Select(definition => definition?[name]?.ToString()).Distinct().Count() > 1)
            ?? judges.FirstOrDefault(input => stages.Select(stage => stage.Inputs.GetValueOrDefault(input)).Distinct().Count() > 1);
        return field is null ? "" : $"Arms measure their snapshots by different {field}, so their values do not stand in one chart.";
    }

    private static IEnumerable<JsonNode?> Definitions(ReportData data) => data.Role(Role).Select(group => Parsed(group.Stage.DefinitionJson));

    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
