using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Failures;

internal sealed class FailuresSection : ISection
{
    public string Name => "Failures";

    public string Title => "Failures and divergences";

    public object Model(ReportData data)
    {
        var lost = data.Record.Runs.Where(run => run.Status != "completed").ToArray();
        var explained = data.Record.Stages.SelectMany(Failed).Where(failed => failed.Attempt.Trace is not null).ToArray();
        return new FailuresModel(
            [.. data.Record.Stages.SelectMany(Rows)],
            lost.Length == 0 ? "" : $"{lost.Length} of {Numbers.Plural(data.Record.Runs.Count, "run")} not completed: "
                + $"{string.Join("; ", lost.Select(run => $"{run.Arm} seed {run.Seed} {run.Status}"))}.",
            FailureDetails.Of(data, [.. explained.Take(FailureDetails.Most)]),
            explained.Length > FailureDetails.Most ? Numbers.Plural(explained.Length - FailureDetails.Most, "attempt") : "",
            [.. data.Record.Stages.SelectMany(Resumed)],
            Earlier(data),
            Parts.Sql(data.Sql.Failures));
    }

    private static string Earlier(ReportData data)
    {
        var lost = (data.Record.Versions ?? []).Where(version => !version.Current)
            .Sum(version => version.Attempts.Count(attempt => !attempt.IsResumed()));
        return lost == 0 ? "" : $"{Numbers.Plural(lost, "attempt")} of earlier versions without a result:";
    }

    /// <summary>
    /// Attempts that were ended from outside at a stage that completed. How many there are tells how the work went and changes no number.
    /// </summary>
    private static IEnumerable<FailuresRow> Resumed(StageRecord stage) => stage.Status != AttemptStatus.Completed ? [] : stage.Attempts
        .Where(attempt => AttemptStatus.IsFromOutside(attempt.Status))
        .Select(attempt => new FailuresRow(stage.Label, Parts.Status(attempt.Status), Numbers.Count(attempt.Number), attempt.Error ?? ""));

    /// <summary>Attempts that failed, also before one that completed. Those that were resumed are listed apart.</summary>
    private static IEnumerable<FailedAttempt> Failed(StageRecord stage) => stage.Attempts
        .Where(attempt => AttemptStatus.IsFailure(attempt.Status)
            && !(attempt.Status == AttemptStatus.Killed && stage.Status == AttemptStatus.Completed))
        .Select(attempt => new FailedAttempt(stage, attempt));

    /// <summary>Attempts that failed, and the stage itself where it did not complete and no attempt says so.</summary>
    private static IEnumerable<FailuresRow> Rows(StageRecord stage)
    {
        foreach (var failed in Failed(stage))
        {
            yield return new(stage.Label, Parts.Status(failed.Attempt.Status), Numbers.Count(failed.Attempt.Number), failed.Error);
        }

        var told = stage.Attempts.Any(attempt => attempt.Status == stage.Status);
        if (!told && (AttemptStatus.IsFailure(stage.Status) || stage.Status is "skipped" or "interrupted"))
        {
            yield return new(stage.Label, Parts.Status(stage.Status), "–", stage.Reason ?? "");
        }
    }
}
