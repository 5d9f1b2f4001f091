using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A record that defines divergence: one of two seeds of the last arm diverged, at step 3.</summary>
internal static class DivergenceRecord
{
    public static ExperimentRecord Small()
    {
        var record = SampleRecord.Sweep([0, 0.5, 1], seeds: 2, steps: 4, diverged: true);
        return record with
        {
            Arms = [.. record.Arms.Select(arm => arm with
            {
                OptionsJson = arm.OptionsJson.Replace("\"steps\":900", "\"steps\":900,\"gradientNormLimit\":100,\"gradientNormSteps\":20", StringComparison.Ordinal),
                Levels = new Dictionary<string, string> { ["meanflow.lambda"] = arm.Differences["meanflow.lambda"] },
            })],
            Stages = [.. record.Stages.Select(stage => stage.Kind != "meanflow" ? stage : stage with
            {
                Series = [.. stage.Series, Norms(stage.Label.Contains("lambda=1", StringComparison.Ordinal))],
                Attempts = [.. stage.Attempts.Select(attempt => stage.Status != AttemptStatus.Diverged ? attempt : attempt with
                {
                    Trace = new(null, [Norms(large: true)]),
                })],
            })],
            Contrasts = [new("ends", new Dictionary<string, double> { ["lambda=1"] = 1, ["lambda=0"] = -1 }, "λ = 1 against λ = 0")],
        };
    }

    private static SeriesRecord Norms(bool large) => new("gradientNorm.unweighted", [1, 2, 3], [2, large ? 120 : 3, large ? 250 : 2.5]);
}
