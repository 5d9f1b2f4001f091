using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A record with a hostile text at the end of every string in it; what refers to another string still does.</summary>
internal static class Poison
{
    public static ExperimentRecord Every(ExperimentRecord record, string attack)
    {
        string Bad(string text) => text + attack;
        string? Maybe(string? text) => text is null ? null : Bad(text);
        return new(
            Bad(record.Name),
            Bad(record.Path),
            Bad(record.Question),
            Bad(record.Expectation),
            record.PrimaryMetric.Replace("@", attack + "@"),
            Bad(record.PlanHash),
            [.. record.Overrides.Select(Bad)],
            [.. record.Arms.Select(arm => new ArmRecord(
                Bad(arm.Name),
                arm.Baseline,
                arm.Differences.ToDictionary(one => Bad(one.Key), one => Bad(one.Value)),
                $$"""{"{{attack.Replace("\"", "\\\"")}}": 1}""",
                Levels: arm.Levels?.ToDictionary(one => Bad(one.Key), one => Bad(one.Value))))],
            record.Seeds,
            [.. record.Runs.Select(run => new RunRecord(
                Bad(run.Id),
                Bad(run.Arm),
                run.Seed,
                Bad(run.Status),
                run.Stages.ToDictionary(one => one.Key, one => Bad(one.Value)),
                run.Pilot))],
            [.. record.Stages.Select(stage => new StageRecord(
                Bad(stage.Key),
                Bad(stage.Kind),
                Bad(stage.Label),
                Bad(stage.Status),
                Maybe(stage.Reason),
                stage.Seed,
                Bad(stage.DefinitionJson),
                stage.Inputs.ToDictionary(one => Bad(one.Key), one => Bad(one.Value)),
                [.. stage.Attempts.Select(attempt => attempt with
                {
                    Status = stage.Status == "diverged" ? attempt.Status : Bad(attempt.Status),
                    Host = Bad(attempt.Host),
                    Device = Bad(attempt.Device),
                    Error = Maybe(attempt.Error),
                    Trace = attempt.Trace is not { } trace ? null : new(
                        Maybe(trace.Log), [.. trace.Series.Select(series => series with { Name = Bad(series.Name) })]),
                    Origin = new(
                        attack, attack, attack, attack, attack, [attack], new Dictionary<string, string> { [attack] = attack }, 1,
                        new Dictionary<string, string> { [attack] = attack }, null, new(attack, attack, attack)),
                })],
                [.. stage.Measurements, .. stage.Measurements.Select(measurement => measurement with
                {
                    Metric = Bad(measurement.Metric),
                    Labels = Bad(measurement.Labels),
                    Extractor = Bad(measurement.Extractor),
                    Preprocessing = Bad(measurement.Preprocessing),
                    Reference = Bad(measurement.Reference),
                })],
                [.. stage.Series.Select(series => series with { Name = Bad(series.Name) })],
                [.. stage.Images.Select(image => image with { Name = Bad(image.Name), Caption = Bad(image.Caption) })]))],
            Maybe(record.Title),
            [.. (record.Files ?? []).Select(file => file with { Path = Bad(file.Path), Text = Bad(file.Text) })],
            SmallestRelevantEffect: record.SmallestRelevantEffect,
            Contrasts: record.Contrasts?.Select(contrast => contrast with
            {
                Name = Bad(contrast.Name),
                Title = Maybe(contrast.Title),
                Metric = Maybe(contrast.Metric),
                Weights = contrast.Weights.ToDictionary(one => Bad(one.Key), one => one.Value),
            }).ToArray());
    }
}
