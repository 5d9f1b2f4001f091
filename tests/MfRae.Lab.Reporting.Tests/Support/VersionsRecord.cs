using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>An experiment that was edited twice: a version that failed, one that was killed and resumed, and the current one.</summary>
internal static class VersionsRecord
{
    private static readonly DateTimeOffset Start = new(2025, 3, 1, 5, 6, 7, TimeSpan.Zero);

    public static ExperimentRecord Small() => SampleRecord.Small() with
    {
        Versions =
        [
            Version(1, [], [Arm("lambda=0", 10.25, 0.5, 2), Arm("lambda=1", null, null, 0, ("failed", 2))],
                [new("meanflow lambda=1 seed 0", 1, "failed", "an index is <off> by one", false), new("cmt", 2, "outOfMemory", null, true)]),
            Version(2,
                [
                    new("seeds", [], "0", "0, 1"), new("meanflow.training.steps", [], "500", "900"),
                    new("meanflow.lambda", ["lambda=1"], "0.9", "1"), new("arm", [], null, "lambda=0.5"),
                ],
                [Arm("lambda=0", 9.75, null, 1), Arm("lambda=0.5", 9.5, 0.25, 2), Arm("lambda=1", 9.25, null, 1, ("diverged", 1))],
                [new("meanflow lambda=0 seed 0", 1, "killed", "the worker was killed (signal 9)", true)]),
            Version(3, [new("stages", [], null, "teacher, meanflow")], [Arm("lambda=0", 9.5, 0.125, 2)], []) with
            {
                Current = true,
                FirstRun = null,
                LastRun = null,
            },
        ],
    };

    private static PlanVersion Version(int number, PlanChange[] changes, VersionArm[] arms, VersionAttempt[] attempts) => new(
        number,
        false,
        SampleRecord.Key($"plan {number}"),
        Start.AddDays(number),
        number == 1 ? Start.AddDays(number) : Start.AddDays(number).AddHours(3),
        changes,
        "fid@1",
        arms.SelectMany(arm => arm.Runs).GroupBy(run => run.Key).ToDictionary(group => group.Key, group => group.Sum(run => run.Value)),
        arms,
        attempts);

    private static VersionArm Arm(string name, double? mean, double? deviation, int count, (string Status, int Count)? lost = null)
    {
        var runs = new Dictionary<string, int>();
        if (count > 0)
        {
            runs["completed"] = count;
        }

        if (lost is var (status, number))
        {
            runs[status] = number;
        }

        return new(name, runs, count, mean, deviation);
    }
}
