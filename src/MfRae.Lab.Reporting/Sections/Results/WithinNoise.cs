using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>
/// Whether an arm is not told apart from the best of its column: their difference lies inside the metric's noise band, or
/// Student's 95 % interval of the differences, seed by seed, holds zero. Where seeds are no pairs and the metric has no
/// band, nothing is said.
/// </summary>
internal static class WithinNoise
{
    public static bool Of(ExperimentComparison comparison, ArmSample arm)
    {
        if (comparison.Best is not { } name || name == arm.Arm || arm.Values.Count == 0)
        {
            return false;
        }

        var best = comparison.Arms.First(other => other.Arm == name);
        // Seeds that share both measurements have been compared once.
        var differences = arm.Finite
            .Join(best.Finite, seed => seed.Seed, seed => seed.Seed, (one, other) => (one, other))
            .DistinctBy(pair => (pair.one.Stage, pair.other.Stage))
            .Select(pair => pair.one.Measurement.Value!.Value - pair.other.Measurement.Value!.Value)
            .ToArray();
        var summary = Summary.Of(differences);
        var difference = Math.Abs(differences.Length > 0 ? summary.Mean : arm.Summary.Mean - best.Summary.Mean);
        return NoiseBand.Of(best.Finite[0].Measurement.Metric) is { } band && difference <= band * Math.Abs(best.Summary.Mean)
            || Student.HalfWidth(summary) is { } half && difference <= half;
    }
}
