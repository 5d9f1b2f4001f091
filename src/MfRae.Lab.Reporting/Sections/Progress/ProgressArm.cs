using MfRae.Lab.Core.Identity;
using MfRae.Lab.Core.Tracking;
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
