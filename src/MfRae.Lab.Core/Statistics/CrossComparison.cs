using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>One metric in two experiments.</summary>
/// <param name="Conflicts">Every field of the identity in which any two values differ; where there is one, the values must not stand side
/// by side.</param>
public sealed record CrossComparison(
    string Metric, IReadOnlyList<ArmSample> One, IReadOnlyList<ArmSample> Other, IReadOnlyList<IdentityConflict> Conflicts)
{
    /// <summary>Every metric that both experiments have measured, in the order of the first.</summary>
    public static IReadOnlyList<CrossComparison> Of(ExperimentRecord one, ExperimentRecord other)
    {
        var theirs = RunMeasurement.Keys(other).ToHashSet();
        return [.. RunMeasurement.Keys(one).Where(theirs.Contains).Select(metric => Of(metric, one, other))];
    }

    private static CrossComparison Of(string metric, ExperimentRecord one, ExperimentRecord other)
    {
        var (mine, theirs) = (ExperimentComparison.Of(one, metric).Arms, ExperimentComparison.Of(other, metric).Arms);
        var measurements = mine.Concat(theirs).SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).ToList();
        var conflicts = measurements.Skip(1).SelectMany(measurement => MeasurementIdentity.Differences(measurements[0], measurement));
        return new(metric, mine, theirs, [.. conflicts.Distinct()]);
    }
}
