using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>
/// What training cost up to a step: a step's share of its stage, after the stages before it that not every arm has alike. What all arms
/// share is not counted.
/// </summary>
internal sealed class ProgressCost
{
    private static readonly string[] Before = ["encoder", "decoder", "teacher", "cmt"];

    private readonly ReportData data;
    private readonly string[] counted;
    private readonly Func<AttemptRecord, double> seconds;

    public ProgressCost(ReportData data)
    {
        this.data = data;
        counted = [.. Before.Where(Differs)];
        (Unit, seconds) = data.Role("meanflow").Select(group => group.Stage).Seconds();
    }

    /// <summary>Which kind the seconds are of.</summary>
    public string Unit { get; }

    public string Counted => string.Join(" and ", [.. counted, "meanflow"]);

    public ProgressLine? Operations(RunRecord run, double steps)
    {
        var before = Stages(run).Select(Operations).ToArray();
        return Operations(data.Stage(run, "meanflow")) is { } own && before.All(one => one is not null)
            ? new(before.Sum(one => one!.Value), own / steps)
            : null;
    }

    public ProgressLine Seconds(RunRecord run, double steps) =>
        new(Stages(run).Sum(Seconds), (data.Stage(run, "meanflow") is { } own ? Seconds(own) : 0) / steps);

    private bool Differs(string role) => data.Record.Runs.GroupBy(run => run.Seed)
        .Any(seed => seed.Select(run => run.Stages.GetValueOrDefault(role)).Distinct().Count() > 1);

    private IEnumerable<StageRecord> Stages(RunRecord run) => counted.Select(role => data.Stage(run, role)).OfType<StageRecord>();

    private double Seconds(StageRecord stage) => stage.Attempts.Sum(seconds);

    /// <summary>A network that is loaded took none here.</summary>
    private static double? Operations(StageRecord? stage) => stage is { Seed: null } ? 0 : stage?.Flops();
}
