using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>FID of an arm's snapshots over the steps of its training, and what those steps cost.</summary>
/// <param name="Mean">Over the seeds, at the steps that all of them have.</param>
internal sealed record ProgressArm(ArmView Arm, IReadOnlyList<ProgressSeed> Seeds, IReadOnlyList<CurvePoint> Mean)
{
    /// <summary>The arms whose snapshots have been measured, at some step in all of their seeds.</summary>
    public static IReadOnlyList<ProgressArm> All(ReportData data, ProgressCost cost) =>
    [
        .. from arm in OfOneDevice(data)
           let seeds = arm.Runs.Select(run => ProgressSeed.Of(data, run, cost)).OfType<ProgressSeed>().ToArray()
           where seeds.Length > 0
           let mean = MeanOf(seeds)
           where mean.Count > 0
           select new ProgressArm(arm, seeds, mean),
    ];

    /// <summary>The arms whose snapshots have the device classes of the first: curves of different ones are neither averaged nor compared.</summary>
    private static IReadOnlyList<ArmView> OfOneDevice(ReportData data)
    {
        var lineage = Lineage.Of(data.Record);
        IEnumerable<string> Devices(ArmView arm) => arm.Runs.Select(run => data.Stage(run, ProgressSection.Role)).OfType<StageRecord>()
            .Select(stage => lineage.Devices(StageFacts.Of(stage)));
        var first = data.Arms.SelectMany(Devices).FirstOrDefault();
        return [.. data.Arms.Where(arm => Devices(arm).All(devices => devices == first))];
    }

    /// <summary>The value at the end of training; null where it is not finite.</summary>
    public double? End => Mean[^1].Mean;

    public double Steps => Mean[^1].Step;

    /// <summary>Of a training up to a step, over the seeds; null where the record does not tell.</summary>
    public double? Operations(double step) => Seeds.All(seed => seed.Operations is not null)
        ? Seeds.Average(seed => seed.Operations!.At(step))
        : null;

    public double Seconds(double step) => Seeds.Average(seed => seed.Seconds.At(step));

    /// <summary>The step at which the mean first is as low as the target, straight between snapshots; null where it never is.</summary>
    public double? Reaches(double target)
    {
        CurvePoint? before = null;
        foreach (var point in Mean.Where(point => point.Mean is not null))
        {
            if (point.Mean <= target)
            {
                return before is { Mean: { } high } && point.Mean is { } low
                    ? before.Step + (point.Step - before.Step) * (high - target) / (high - low)
                    : point.Step;
            }

            before = point;
        }

        return null;
    }

    private static IReadOnlyList<CurvePoint> MeanOf(IReadOnlyList<ProgressSeed> seeds)
    {
        var common = seeds.Select(seed => seed.Series.Steps.AsEnumerable()).Aggregate((one, next) => one.Intersect(next)).ToHashSet();
        return Curve.Of([.. seeds.Select(seed => Only(seed.Series, common))]);
    }

    private static SeriesRecord Only(SeriesRecord series, HashSet<long> steps)
    {
        var kept = series.Steps.Zip(series.Values).Where(point => steps.Contains(point.First)).ToArray();
        return new(series.Name, [.. kept.Select(point => point.First)], [.. kept.Select(point => point.Second)]);
    }
}

/// <summary>One run's curve.</summary>
/// <param name="Operations">Floating-point operations over steps; null where the record does not tell.</param>
internal sealed record ProgressSeed(SeriesRecord Series, ProgressLine? Operations, ProgressLine Seconds)
{
    public static ProgressSeed? Of(ReportData data, RunRecord run, ProgressCost cost)
    {
        var stage = data.Stage(run, ProgressSection.Role);
        if (stage?.Series.FirstOrDefault(series => series.Name == MetricNames.SnapshotFid) is not { Steps: [.., > 0 and var last] } series)
        {
            return null;
        }

        // While snapshots are still being measured, the last one is not the end of the training that was paid for.
        var steps = StoredJson.Number(StoredJson.Find(StoredJson.Parse(stage.DefinitionJson), "trainingSteps")) is > 0 and var whole ? whole : last;
        return new(series, cost.Operations(run, steps), cost.Seconds(run, steps));
    }

    public IReadOnlyList<CurvePoint> Points => Curve.Of([Series]);
}

/// <summary>
/// What training cost up to a step: a step's share of its stage, after the stages before it that not every arm has alike. What all arms
/// share is not counted.
/// </summary>
internal sealed class ProgressCost
{
    private static readonly string[] Before = ["encoder", "decoder", "teacher", "cmt"];

    private readonly ReportData _data;
    private readonly string[] _counted;
    private readonly Func<AttemptRecord, double> _seconds;

    public ProgressCost(ReportData data)
    {
        this._data = data;
        _counted = [.. Before.Where(Differs)];
        (Unit, _seconds) = data.Role("meanflow").Select(group => group.Stage).Seconds();
    }

    /// <summary>Which kind the seconds are of.</summary>
    public string Unit { get; }

    public string Counted => string.Join(" and ", [.. _counted, "meanflow"]);

    public ProgressLine? Operations(RunRecord run, double steps)
    {
        var before = Stages(run).Select(Operations).ToArray();
        return Operations(_data.Stage(run, "meanflow")) is { } own && before.All(one => one is not null)
            ? new(before.Sum(one => one!.Value), own / steps)
            : null;
    }

    public ProgressLine Seconds(RunRecord run, double steps) =>
        new(Stages(run).Sum(Seconds), (_data.Stage(run, "meanflow") is { } own ? Seconds(own) : 0) / steps);

    private bool Differs(string role) => _data.Record.Runs.GroupBy(run => run.Seed)
        .Any(seed => seed.Select(run => run.Stages.GetValueOrDefault(role)).Distinct().Count() > 1);

    private IEnumerable<StageRecord> Stages(RunRecord run) => _counted.Select(role => _data.Stage(run, role)).OfType<StageRecord>();

    private double Seconds(StageRecord stage) => stage.Attempts.Sum(_seconds);

    /// <summary>A network that is loaded took none here.</summary>
    private static double? Operations(StageRecord? stage) => stage is { Seed: null } ? 0 : stage?.Flops();
}

/// <summary>A cost that grows evenly with the steps.</summary>
/// <param name="Start">What was spent before the first.</param>
internal sealed record ProgressLine(double Start, double Step)
{
    public double At(double step) => Start + step * Step;
}
