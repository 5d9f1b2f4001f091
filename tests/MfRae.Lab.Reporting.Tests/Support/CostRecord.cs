using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>The small sweep with recorded costs: training steps, operations, and GFLOPs per image.</summary>
internal static class CostRecord
{
    /// <summary>Three arms at one and two steps; the arm in the middle is the best, the first is trained for less.</summary>
    public static ExperimentRecord Small()
    {
        var record = SampleRecord.Small();
        return record with { Stages = [.. record.Stages.Select(Told)] };
    }

    /// <summary>Other values of the primary metric, arm by arm; null leaves one as it is.</summary>
    public static ExperimentRecord With(Func<string, Measurement, Measurement> change)
    {
        var record = Small();
        return record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Measurements = [.. stage.Measurements.Select(measurement => change(stage.Label, measurement))],
            })],
        };
    }

    /// <summary>The same with the cost of a training step.</summary>
    /// <param name="otherJobs">Whether the first run was measured with another number of jobs.</param>
    public static ExperimentRecord WithSteps(bool otherJobs = false)
    {
        var record = Small();
        var first = record.Runs[0].Stages["meanflow"];
        Measurement Step(string metric, double value, bool other) => new(
            metric, value, null, null, 0, 0, 1, "", "", "", "", false, "cpu", "", $"processor=p threads=1 jobs={(other ? 1 : 2)}");
        return record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Kind != "meanflow" ? stage : stage with
            {
                Measurements =
                [
                    Step(MetricNames.StepSeconds, 0.25, otherJobs && stage.Key == first),
                    Step(MetricNames.PeakMemory, 1.5e9, otherJobs && stage.Key == first),
                ],
            })],
        };
    }

    /// <summary>The same with the cost of an imported teacher's training.</summary>
    public static ExperimentRecord WithTeacher(double steps, double? seconds)
    {
        var record = Small();
        var teacher = record.Runs[0].Stages["teacher"];
        Measurement[] costs =
        [
            Cost(MetricNames.PretrainingSteps, steps, 0),
            .. seconds is { } known ? (Measurement[])[Cost(MetricNames.PretrainingCpuSeconds, known, 0)] : [],
        ];
        return record with { Stages = [.. record.Stages.Select(stage => stage.Key == teacher ? stage with { Measurements = costs } : stage)] };
    }

    private static StageRecord Told(StageRecord stage) => stage.Kind switch
    {
        "cmt" => Trained(stage, "cmt", 600, 7.06e12),
        "meanflow" => Trained(stage, "meanFlow", 200, stage.Label.Contains("lambda=0 ") ? 1.22e12 : 1.57e12),
        "sampling" when stage.Label == "teacherSampling" => stage with { Measurements = [.. Costs(1), .. Costs(50)] },
        "sampling" when stage.Status == "completed" => stage with { Measurements = [.. Costs(1), .. Costs(2)] },
        _ => stage,
    };

    private static StageRecord Trained(StageRecord stage, string options, int steps, double flops) => stage with
    {
        DefinitionJson = $$$"""{"stage":"{{{stage.Kind}}}","{{{options}}}":{"kind":"any","training":{"steps":{{{steps}}} } } }""",
        Attempts = [.. stage.Attempts.Select(attempt => attempt with
        {
            Origin = new(
                "1", "Linux", ".NET", "", "processor", [], new Dictionary<string, string>(), 1, new Dictionary<string, string>(), flops),
        })],
    };

    private static Measurement[] Costs(int steps) =>
    [
        Cost(MetricNames.GeneratorGflops, 0.0236 * steps, steps), Cost(MetricNames.DecoderGflops, 0.0113, steps),
    ];

    private static Measurement Cost(string metric, double value, int steps) =>
        new(metric, value, null, null, 10_000, steps, 1, "balanced", "", "", "", null);
}
