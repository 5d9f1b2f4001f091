using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>FID of an arm's snapshots over its training steps, and the cost of these steps.</summary>
/// <param name="Mean">The mean over seeds, at the steps that all seeds have.</param>
internal sealed record ProgressArm(ArmView Arm, IReadOnlyList<ProgressSeed> Seeds, IReadOnlyList<CurvePoint> Mean)
{
    /// <summary>The arms with measured snapshots, and at least one step that all their seeds have.</summary>
    public static IReadOnlyList<ProgressArm> All(ReportData data, ProgressCost cost) =>
    [
        .. from arm in OfOneDevice(data)
           let seeds = arm.Runs.Select(run => ProgressSeed.Of(data, run, cost)).OfType<ProgressSeed>().ToArray()
           where seeds.Length > 0
           let mean = MeanOf(seeds)
           where mean.Count > 0
           select new ProgressArm(arm, seeds, mean),
    ];

    /// <summary>The arms that used the same device classes as the first arm. Curves from different devices are neither averaged nor compared.</summary>
    private static IReadOnlyList<ArmView> OfOneDevice(ReportData data)
    {
        var lineage = Lineage.Of(data.Record);
        IEnumerable<string> Devices(ArmView arm) => arm.Runs.Select(run => data.Stage(run, ProgressSection.Role)).OfType<StageRecord>()
            .Select(stage => lineage.Devices(StageFacts.Of(stage)));
        var first = data.Arms.SelectMany(Devices).FirstOrDefault();
        return [.. data.Arms.Where(arm => Devices(arm).All(devices => devices == first))];
    }

    /// <summary>The value at the end of training; null if it is not finite.</summary>
    public double? End => Mean[^1].Mean;

    public double Steps => Mean[^1].Step;

    /// <summary>The mean operations of the training up to a step; null if they were not recorded.</summary>
    public double? Operations(double step) => Seeds.All(seed => seed.Operations is not null)
        ? Seeds.Average(seed => seed.Operations!.At(step))
        : null;

    public double Seconds(double step) => Seeds.Average(seed => seed.Seconds.At(step));

    /// <summary>The first step at which the mean reaches the target, interpolated linearly between snapshots; null if it never does.</summary>
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
/// <param name="Operations">Floating-point operations over steps; null if they were not recorded.</param>
internal sealed record ProgressSeed(SeriesRecord Series, ProgressLine? Operations, ProgressLine Seconds)
{
    public static ProgressSeed? Of(ReportData data, RunRecord run, ProgressCost cost)
    {
        var stage = data.Stage(run, ProgressSection.Role);
        if (stage?.Series.FirstOrDefault(series => series.Name == MetricNames.SnapshotFid) is not { Steps: [.., > 0 and var last] } series)
        {
            return null;
        }

        // While snapshots are still being measured, the training has more steps than the last snapshot.
        var steps = StoredJson.Number(StoredJson.Find(StoredJson.Parse(stage.DefinitionJson), "trainingSteps")) is > 0 and var whole ? whole : last;
        return new(series, cost.Operations(run, steps), cost.Seconds(run, steps));
    }

    public IReadOnlyList<CurvePoint> Points => Curve.Of([Series]);
}

/// <summary>
/// The cost of training up to a step: the costs of the preceding stages that differ between arms, and a share of the MeanFlow stage
/// proportional to the steps. Stages that all arms share are excluded.
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

    /// <summary>The unit of the seconds: CPU or device seconds.</summary>
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

    /// <summary>The operations of a stage. A network that was loaded from a file has a cost of 0.</summary>
    private static double? Operations(StageRecord? stage) => stage is { Seed: null } ? 0 : stage?.Flops();
}

/// <summary>A cost that grows linearly with the steps.</summary>
/// <param name="Start">The cost before the first step.</param>
internal sealed record ProgressLine(double Start, double Step)
{
    public double At(double step) => Start + step * Step;
}
