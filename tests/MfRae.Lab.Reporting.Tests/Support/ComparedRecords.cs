using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>
/// The sweep of λ as it was run from two sources: an arm was exchanged for another, an option changed, one shared stage measured something
/// else the second time, and one metric is a value of something else.
/// </summary>
internal static class ComparedRecords
{
    public static ExperimentRecord One { get; } = From(SampleRecord.Sweep([0, 0.5, 1], seeds: 2, steps: 4, diverged: true), "c0ffee01c0ffee02c0ffee03");

    public static ExperimentRecord Other { get; } = From(Changed(SampleRecord.Sweep([0, 0.5, 2], seeds: 2, steps: 4, diverged: false)),
        "decade01decade02decade03");

    public static string Page(ExperimentRecord one, ExperimentRecord other) =>
        ComparisonBuilder.Build(one, other, CrossComparison.Of(one, other));

    public static string Page() => Page(One, Other);

    private static ExperimentRecord Changed(ExperimentRecord record) => record with
    {
        PlanHash = SampleRecord.Key("another plan"),
        Arms = [.. record.Arms.Select(arm => arm with { OptionsJson = arm.OptionsJson.Replace("900", "1800", StringComparison.Ordinal) })],
        Runs = [.. record.Runs.Select(run => run with
        {
            Stages = run.Stages.ToDictionary(stage => stage.Key, stage => stage.Key is "meanflow" or "sampling" or "evaluation"
                ? SampleRecord.Key(stage.Value)
                : stage.Value),
        })],
        Stages = [.. record.Stages.Select(stage => stage with
        {
            Key = stage.Label.Contains("seed", StringComparison.Ordinal) ? SampleRecord.Key(stage.Key) : stage.Key,
            Measurements = [.. stage.Measurements.Select(measurement => measurement with
            {
                Samples = measurement.Metric == "is" ? 5_000 : measurement.Samples,
                Value = stage.Kind == "evaluation" && measurement.Metric == "fid" ? measurement.Value * 0.9
                    : measurement.Metric == "rfid" ? measurement.Value + 1e-9
                    : measurement.Value,
            })],
        })],
    };

    private static ExperimentRecord From(ExperimentRecord record, string commit) => record with
    {
        Stages = [.. record.Stages.Select(stage => stage with
        {
            Attempts = [.. stage.Attempts.Select(attempt => attempt with
            {
                Origin = new(
                    "1.0", "Linux X64", ".NET 10", "libtorch", "Model × 2", [], new Dictionary<string, string>(), 1,
                    new Dictionary<string, string>(), null, new("run", commit)),
            })],
        })],
    };
}
