using System.Text.Json.Nodes;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Progress;

internal sealed class ProgressSection : ISection
{
    public const string Role = "snapshots";

    public string Name => "Progress";

    public string Title => "Quality during training";

    public bool Has(ReportData data) => ProgressArm.All(data, new(data)).Count > 0;

    public object Model(ReportData data)
    {
        var cost = new ProgressCost(data);
        var arms = ProgressArm.All(data, cost);
        var conflict = Conflict(data);
        var samples = Definitions(data).Select(definition => StoredJson.Find(definition, "samples")?.ToString()).First() ?? "";
        var title = $"FID, 1 step, {(long.TryParse(samples, out var count) ? Numbers.Count(count) : samples)} samples";
        var unit = Unit(arms);
        LineChart Chart(string over, string horizontal, Func<ProgressArm, double, double> across, Func<ProgressSeed, double, double> alone) => new(
            $"{title}, over {over}",
            horizontal,
            [.. arms.Select(arm => new Line(
                arm.Arm.Name,
                arm.Arm.Css,
                Moved(arm.Mean, step => across(arm, step)),
                arm.Seeds.Count < 2 ? null : [.. arm.Seeds.Select(seed => Moved(seed.Points, step => alone(seed, step)))]))]);

        var steps = Chart("steps", "steps of MeanFlow training", (_, step) => step, (_, step) => step);
        var operations = unit is null ? null : Chart(
            "operations", $"training {unit.Name}", (arm, step) => arm.Operations(step)!.Value / unit.Size,
            (seed, step) => seed.Operations!.At(step) / unit.Size);
        var seconds = Chart("time", $"training {cost.Unit}", (arm, step) => arm.Seconds(step), (seed, step) => seed.Seconds.At(step));
        var targets = conflict.Length > 0 ? [] : Targets(arms);
        return new
        {
            Conflict = conflict,
            Arms = arms.Select(arm => arm.Arm),
            Charts = conflict.Length > 0 ? [] : (Html[])[.. new[] { steps, operations }.OfType<LineChart>().Select(chart => chart.Draw())],
            Timed = conflict.Length > 0 ? Html.Empty : seconds.Draw(),
            Note = "FID of intermediate averaged (EMA) weights, each from the same number of samples, noise and labels. The values are comparable with "
                + "each other, but not with an FID of another number of samples. Line: mean over seeds. Band: range over seeds. Operations and "
                + $"seconds include {cost.Counted}, spread evenly over the steps; stages that all arms share are excluded.",
            Targets = targets.Select(target => new { target.Name, Value = Numbers.Significant(target.Value) }).ToArray(),
            Rows = arms.Select(arm => new
            {
                arm.Arm,
                Start = Numbers.Significant(arm.Mean[0].Mean),
                End = Numbers.Significant(arm.End),
                Cells = targets.Select(target => ProgressCell.Of(arm, target.Value, unit, cost.Unit)),
            }),
            Sql = data.Sql.Snapshots,
        };
    }

    /// <summary>
    /// The final FID of the baseline, if an arm started above it; half and all of the improvement of the best arm, if there is one.
    /// </summary>
    private static List<(string Name, double Value)> Targets(IReadOnlyList<ProgressArm> arms)
    {
        var targets = new List<(string, double)>();
        if (arms.FirstOrDefault(arm => arm.Arm.Record.Baseline)?.End is { } baseline && arms.Any(arm => arm.Mean[0].Mean > baseline))
        {
            targets.Add(("Final FID of the baseline", baseline));
        }

        if (arms.Where(arm => arm.End is not null).MinBy(arm => arm.End) is { } best && best.Mean[0].Mean is { } start && start > best.End)
        {
            targets.Add(("Half of the best arm’s improvement", (start + best.End!.Value) / 2));
            targets.Add(("Final FID of the best arm", best.End.Value));
        }

        return targets;
    }

    /// <summary>The unit of operations; null if they are unknown for an arm.</summary>
    private static FlopUnit? Unit(IReadOnlyList<ProgressArm> arms)
    {
        var whole = arms.Select(arm => arm.Operations(arm.Steps)).OfType<double>().ToArray();
        return whole.Length < arms.Count ? null : FlopUnit.For(whole);
    }

    /// <summary>Points with another horizontal value, without those whose value is not finite.</summary>
    private static IReadOnlyList<CurvePoint> Moved(IReadOnlyList<CurvePoint> points, Func<double, double> to) =>
        [.. points.Select(point => point with { Step = to(point.Step) }).Where(point => double.IsFinite(point.Step))];

    /// <summary>Why the snapshots of the arms are not comparable; the empty string if they are.</summary>
    private static string Conflict(ReportData data)
    {
        var stages = data.Role(Role).Select(group => group.Stage).ToArray();
        var definitions = Definitions(data).ToArray();
        var inputs = stages.SelectMany(stage => stage.Inputs.Keys)
            .Where(input => input == "features" || input.StartsWith("reference.", StringComparison.Ordinal));
        var field = new[] { "samples", "seed", "labels", "reference" }
                .FirstOrDefault(name => definitions.Select(definition => StoredJson.Find(definition, name)?.ToString()).Distinct().Count() > 1)
            ?? inputs.FirstOrDefault(input => stages.Select(stage => stage.Inputs.GetValueOrDefault(input)).Distinct().Count() > 1);
        return field is null ? "" : $"The arms measured their snapshots with different {field}, so the values are not comparable.";
    }

    private static IEnumerable<JsonNode?> Definitions(ReportData data) =>
        data.Role(Role).Select(group => StoredJson.Parse(group.Stage.DefinitionJson));
}

/// <summary>When an arm reached a target, and the cost up to then.</summary>
/// <param name="Step">`step 125`, or `at the start`.</param>
/// <param name="Operations">Floating-point operations, with a comma behind; the empty string if they are unknown.</param>
internal sealed record ProgressCell(string Step, string Operations, string Seconds)
{
    /// <summary>The cell; null if the arm never reached the target.</summary>
    public static ProgressCell? Of(ProgressArm arm, double target, FlopUnit? unit, string seconds) => arm.Reaches(target) is not { } step ? null : new(
        step == 0 ? "at the start" : $"step {Numbers.Significant(step, 3)}",
        unit is null ? "" : $"{Numbers.Significant(arm.Operations(step) / unit.Size, 3)} {unit.Name}, ",
        $"{Numbers.Significant(arm.Seconds(step), 3)} {seconds}");
}
