using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Failures;

internal sealed class FailuresSection : ISection
{
    public string Name => "Failures";

    public string Title => "Failures and divergences";

    public object Model(ReportData data)
    {
        var open = data.Record.Runs.Where(run => run.IsOpen()).ToArray();
        var lost = data.Record.Runs.Where(run => run.Status != "completed").Except(open).ToArray();
        var explained = data.Record.Stages.SelectMany(Failed).Where(failed => failed.Attempt.Trace is not null).ToArray();
        return new
        {
            Rows = data.Record.Stages.SelectMany(Rows).ToArray(),
            Runs = lost.Length == 0 ? "" : $"{lost.Length} of {Numbers.Plural(data.Record.Runs.Count, "run")} did not complete: "
                + $"{string.Join("; ", lost.Select(run => $"{run.Arm} seed {run.Seed} {run.Status}"))}.",
            Open = open.Length == 0 ? "" : $"{open.Length} of {Numbers.Plural(data.Record.Runs.Count, "run")} {(open.Length == 1 ? "is" : "are")} not finished yet.",
            Details = FailureDetails.Of(data, [.. explained.Take(FailureDetails.Most)]),
            More = explained.Length > FailureDetails.Most ? Numbers.Plural(explained.Length - FailureDetails.Most, "more attempt") : "",
            Resumed = data.Record.Stages.SelectMany(Resumed),
            Earlier = Earlier(data),
            Sql = data.Sql.Failures,
        };
    }

    private static string Earlier(ReportData data)
    {
        var lost = (data.Record.Versions ?? []).Where(version => !version.Current)
            .Sum(version => version.Attempts.Count(attempt => !attempt.IsResumed()));
        return lost == 0 ? "" : $"{Numbers.Plural(lost, "attempt")} of earlier versions {(lost == 1 ? "has" : "have")} no result:";
    }

    /// <summary>
    /// Attempts of completed stages that were killed or interrupted. They differ between repetitions, and affect no result.
    /// </summary>
    private static IEnumerable<FailuresRow> Resumed(StageRecord stage) => stage.Status != AttemptStatus.Completed ? [] : stage.Attempts
        .Where(attempt => AttemptStatus.IsFromOutside(attempt.Status))
        .Select(attempt => new FailuresRow(stage.Label, Badge.OfStatus(attempt.Status), Numbers.Count(attempt.Number), attempt.Error ?? ""));

    /// <summary>Failed attempts, including those before a completed attempt. Resumed attempts have a separate list.</summary>
    private static IEnumerable<FailedAttempt> Failed(StageRecord stage) => stage.Attempts
        .Where(attempt => AttemptStatus.IsFailure(attempt.Status)
            && !(attempt.Status == AttemptStatus.Killed && stage.Status == AttemptStatus.Completed))
        .Select(attempt => new FailedAttempt(stage, attempt));

    /// <summary>Failed attempts, and the stage itself if it did not complete for another reason.</summary>
    private static IEnumerable<FailuresRow> Rows(StageRecord stage)
    {
        foreach (var failed in Failed(stage))
        {
            yield return new(stage.Label, Badge.OfStatus(failed.Attempt.Status), Numbers.Count(failed.Attempt.Number), failed.Error);
        }

        var told = stage.Attempts.Any(attempt => attempt.Status == stage.Status);
        // Of a stopped run, the training stands for all its stages.
        if (stage.Status == AttemptStatus.Stopped ? stage.Kind is "meanflow" or "cmt"
            : !told && (AttemptStatus.IsFailure(stage.Status) || stage.Status is "skipped" or "interrupted"))
        {
            yield return new(stage.Label, Badge.OfStatus(stage.Status), "–", stage.Reason ?? "");
        }
    }
}

/// <summary>An attempt or a stage without a result.</summary>
internal sealed record FailuresRow(string Label, Badge Status, string Attempt, string Error);

/// <summary>Details of a failed attempt.</summary>
/// <param name="Charts">Loss and gradient norm up to the end of the attempt.</param>
/// <param name="Note">The last step of the curves, and the first value that is not finite.</param>
/// <param name="Log">The last lines that the worker printed, or the empty string.</param>
internal sealed record FailuresDetail(string Title, IReadOnlyList<Html> Charts, string Note, string Log);

/// <summary>An attempt without a result, and its stage.</summary>
internal sealed record FailedAttempt(StageRecord Stage, AttemptRecord Attempt)
{
    /// <summary>The error, without the worker's last lines if it ends with them: the page shows these separately.</summary>
    public string Error
    {
        get
        {
            var error = Attempt.Error ?? "";
            return Attempt.Trace?.Log is { } log && error.EndsWith("\n" + log, StringComparison.Ordinal) ? error[..^(log.Length + 1)] : error;
        }
    }
}

/// <summary>Details of failed attempts: the last lines of output, and the curves up to the failure.</summary>
internal static class FailureDetails
{
    /// <summary>The most attempts with details on a page; hundreds of failures usually have the same cause.</summary>
    public const int Most = 60;

    // The most points of all charts together; more would make the page slow.
    private const int Points = 12_000;
    private const int FewestPoints = 50;

    public static IReadOnlyList<FailuresDetail> Of(ReportData data, IReadOnlyList<FailedAttempt> failed)
    {
        var curves = failed.Sum(one => one.Attempt.Trace!.Series.Count);
        var points = Math.Clamp(Points / Math.Max(1, curves), FewestPoints, Curve.MostPoints);
        return [.. failed.Select(one => Detail(data, one, points))];
    }

    private static FailuresDetail Detail(ReportData data, FailedAttempt failed, int points)
    {
        var (stage, attempt) = failed;
        var trace = attempt.Trace!;
        var users = data.Arms.Where(arm => arm.Runs.Any(run => run.Stages.Values.Contains(stage.Key))).ToArray();
        var (name, css) = users is [var arm] ? (arm.Name, arm.Css) : ("all arms", "all");
        return new(
            $"{stage.Label}, attempt {attempt.Number}: {AttemptStatus.Word(attempt.Status)}",
            [.. trace.Series
                .OrderBy(series => series.Name != "gradientNorm")
                .Select(series => new LineChart(
                    SeriesName.Label(series.Name), "step", [new(name, css, Curve.Of([series], points))]).Draw())
                .Where(chart => !chart.IsEmpty)],
            Note(trace.Series),
            trace.Log ?? "");
    }

    private static string Note(IReadOnlyList<SeriesRecord> series)
    {
        var buckets = series.SelectMany(one => one.Buckets.Select(bucket => (one.Name, Bucket: bucket))).ToArray();
        if (buckets.Length == 0)
        {
            return "";
        }

        var end = $"Last step that this attempt reported: {Step(buckets.Max(one => one.Bucket.LastStep))}.";
        var broken = buckets.Where(one => one.Bucket.Finite < one.Bucket.Count).OrderBy(one => one.Bucket.FirstStep).Take(1).ToArray();
        return broken is [var (name, first)]
            ? $"{end} First value that is not finite: {SeriesName.Label(name).ToLowerInvariant()}, step {Step(first.FirstStep)}"
                + (first.Count > 1 ? $" to {Step(first.LastStep)}." : ".")
            : end;
    }

    private static string Step(long step) => step.ToString("#,0", CultureInfo.InvariantCulture);
}
