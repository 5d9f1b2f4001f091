using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

internal sealed class CostSection : ISection
{
    private static readonly string[] Training = ["encoder", "decoder", "teacher", "cmt", "meanflow"];

    public string Name => "Cost";

    public string Title => "Quality against cost";

    public object Model(ReportData data)
    {
        var keys = Keys(data);
        var roles = Counted(data);
        var points = keys.SelectMany((key, shape) => Points(data, key, shape, roles)).ToArray();
        var chart = new ScatterChart(
            $"{MetricName.Label(data.Record.PrimaryMetric.Split('@')[0])} against training cost",
            "training CPU seconds per run",
            points,
            Rules(data)).Draw();
        return new CostModel(
            chart,
            Legend(data, keys),
            $"Training counts {string.Join(" and ", roles)}"
                + (roles.Length < Training.Length ? "; what all arms share is not counted." : ".") + " One mark per run.",
            ["Training CPU s", "Training wall s", "Sampling CPU s", .. keys],
            [.. data.Arms.Select(arm => Row(data, arm, keys, roles))],
            Parts.Sql(data.Sql.Costs));
    }

    /// <summary>The primary metric at every number of steps.</summary>
    private static string[] Keys(ReportData data) =>
        [.. data.Keys.Where(key => key.Split('@')[0] == data.Record.PrimaryMetric.Split('@')[0])];

    /// <summary>Mid-training and MeanFlow always, the stages before them only where arms have different ones.</summary>
    private static string[] Counted(ReportData data) =>
        [.. Training.Where(role => data.Role(role).Count > (role is "cmt" or "meanflow" ? 0 : 1))];

    private static IEnumerable<ScatterPoint> Points(ReportData data, string key, int shape, string[] roles)
    {
        var comparison = data.Compare(key);
        if (comparison.Conflict is not null)
        {
            return [];
        }

        return
            from arm in data.Arms
            from run in arm.Runs
            let seed = arm.Of(comparison).Finite.FirstOrDefault(seed => seed.Seed == run.Seed)
            where seed is not null
            let cost = Attempts(data, run, roles).Sum(attempt => attempt.CpuSeconds)
            select new ScatterPoint(
                cost,
                seed.Measurement.Value!.Value,
                arm.Css,
                shape,
                $"{arm.Name}, seed {run.Seed}, {key}: {Numbers.Significant(seed.Measurement.Value)} after {Numbers.Seconds(cost)} CPU s");
    }

    /// <summary>The teacher has the quality the arms aim at, at a cost that is not theirs.</summary>
    private static IReadOnlyList<Rule> Rules(ReportData data)
    {
        var arm = data.Primary.Arms.SelectMany(one => one.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        return arm is null ? [] : TeacherRules.Of(data, arm);
    }

    private static CostRow Row(ReportData data, ArmView arm, string[] keys, string[] roles) => new(
        Parts.Arm(arm),
        [
            Mean(arm, run => Attempts(data, run, roles).Sum(attempt => attempt.CpuSeconds)),
            Mean(arm, run => Attempts(data, run, roles).Sum(attempt => attempt.WallSeconds)),
            Mean(arm, run => Attempts(data, run, ["sampling"]).Sum(attempt => attempt.CpuSeconds)),
        ],
        [.. keys.Select(key => Quality(data.Compare(key), arm))]);

    private static string Quality(ExperimentComparison comparison, ArmView arm) => comparison.Conflict is { } conflict
        ? conflict.ToString()
        : Numbers.Significant(arm.Of(comparison).Summary.Mean);

    private static string Mean(ArmView arm, Func<RunRecord, double> cost) =>
        arm.Runs.Count == 0 ? "–" : Numbers.Seconds(arm.Runs.Average(cost));

    private static IEnumerable<AttemptRecord> Attempts(ReportData data, RunRecord run, string[] roles) => roles
        .Select(role => data.Stage(run, role))
        .OfType<StageRecord>()
        .DistinctBy(stage => stage.Key)
        .SelectMany(stage => stage.Attempts);

    private static Html Legend(ReportData data, string[] keys) => keys.Length < 2
        ? Palette.Legend(data.Arms)
        : Html.Of($"{Palette.Legend(data.Arms)}<p class=\"legend\">{keys.Select(Key)}</p>");

    private static Html Key(string key, int shape) => Html.Of(
        $"<span class=\"key\">{ScatterChart.Key(shape)}{MetricName.OfKey(key)}</span> ");
}
