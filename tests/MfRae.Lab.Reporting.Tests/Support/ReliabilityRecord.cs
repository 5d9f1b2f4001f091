using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>A record whose evaluation measured itself too: intervals, a floor, a ladder of corruptions, nearest training images.</summary>
internal static class ReliabilityRecord
{
    /// <param name="top">FID at the highest level of noise; those below are 0.1 and 1.</param>
    public static ExperimentRecord Small(double top = 2.5)
    {
        var record = SampleRecord.Small();
        var ladder = record.Stages[0] with
        {
            Key = SampleRecord.Key("ladder"),
            Kind = "ladder",
            Label = "ladder",
            Measurements = [Value("ladder.noise.0", 0.1), Value("ladder.noise.10", 1), Value("ladder.noise.20", top),
                Value("ladder.blur.0", 0.1), Value("ladder.blur.0.5", 3)],
        };
        return record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Label.StartsWith("evaluation") && stage.Measurements.Count > 0
                ? Judged(stage, record.Stages.First(other => other.Images.Count > 0).Images[0])
                : stage), ladder],
            Runs = [.. record.Runs.Select(run => run with
            {
                Stages = new Dictionary<string, string>(run.Stages) { ["ladder"] = ladder.Key },
            })],
        };
    }

    private static StageRecord Judged(StageRecord stage, ImageRecord image) => stage with
    {
        Measurements =
        [
            .. stage.Measurements.Select(value => value with { Low = value.Value * 0.9, High = value.Value * 1.1 }),
            Value("fidFloor", 1.25) with { Steps = 1 },
            Value("memorisation.share", 0.013) with { Steps = 1 },
        ],
        Images = [image with { Name = "neighbours@1", Caption = "2 samples, each followed by the three nearest training images" }],
    };

    private static Measurement Value(string name, double value) =>
        new(name, value, null, null, 1000, 0, 1, "dataset", "e", "p", "r", null);
}
