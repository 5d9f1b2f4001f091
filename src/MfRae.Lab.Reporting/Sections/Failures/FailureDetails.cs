using System.Globalization;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Failures;

/// <summary>What an attempt left behind that may say why it failed: its last lines, and its curves up to the end.</summary>
internal static class FailureDetails
{
    /// <summary>A page with hundreds of failures says the same thing hundreds of times: the first ones are shown.</summary>
    public const int Most = 60;

    // So many points of all charts together, that the page stays readable by a browser.
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

        var end = $"Up to step {Step(buckets.Max(one => one.Bucket.LastStep))}, the last that this attempt reported.";
        var broken = buckets.Where(one => one.Bucket.Finite < one.Bucket.Count).OrderBy(one => one.Bucket.FirstStep).Take(1).ToArray();
        return broken is [var (name, first)]
            ? $"{end} The first value that is not finite: {SeriesName.Label(name).ToLowerInvariant()}, step {Step(first.FirstStep)}"
                + (first.Count > 1 ? $" to {Step(first.LastStep)}." : ".")
            : end;
    }

    private static string Step(long step) => step.ToString("#,0", CultureInfo.InvariantCulture);
}
