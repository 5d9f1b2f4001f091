using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Versions;

/// <summary>The plans of the experiment from before its file or its inputs changed, with their outcomes.</summary>
internal sealed class VersionsSection : ISection
{
    // The most failed attempts on a page; the query returns all of them.
    private const int Most = 60;

    public string Name => "Versions";

    public string Title => "Earlier versions";

    public bool Has(ReportData data) => data.Record.Versions is { Count: > 1 };

    public object Model(ReportData data)
    {
        var versions = data.Record.Versions!;
        var lost = versions.Where(version => !version.Current)
            .SelectMany(version => version.Attempts.Select(attempt => (version.Number, Attempt: attempt))).ToArray();
        var failed = lost.Where(one => !one.Attempt.IsResumed()).ToArray();
        return new
        {
            data.Record.Name,
            Rows = versions.Select(Row),
            Failed = failed.Take(Most).Select(one => Attempt(one.Number, one.Attempt)).ToArray(),
            More = failed.Length > Most ? Numbers.Plural(failed.Length - Most, "more attempt") : "",
            Resumed = lost.Where(one => one.Attempt.IsResumed()).Take(Most).Select(one => Attempt(one.Number, one.Attempt)),
            Sql = data.Sql.Versions,
        };
    }

    private static VersionsRow Row(PlanVersion version) => new(
        Number(version.Number),
        version.Current ? "this page" : "",
        Time(version.FirstRun),
        version.FirstRun == version.LastRun ? "" : Time(version.LastRun),
        version.Changes.Count == 0 ? ["–"] : [.. version.Changes.Select(change => change.Text())],
        Runs(version.Runs),
        version.PrimaryMetric,
        [.. version.Arms.Select(Arm)]);

    private static string Arm(VersionArm arm)
    {
        var value = arm.Mean is { } mean ? Numbers.PlusMinus(mean, arm.Deviation) : arm.Count > 0 ? "not comparable" : "–";
        var lost = arm.Runs.Where(run => run.Key != AttemptStatus.Completed).ToArray();
        return $"{arm.Arm}: {value}, n {arm.Count}" + (arm.Count < arm.Seeds ? $" of {arm.Seeds}" : "")
            + (lost.Length == 0 ? "" : $" ({string.Join(", ", lost.Select(run => $"{run.Value} {AttemptStatus.Word(run.Key)}"))})");
    }

    private static VersionsAttempt Attempt(int version, VersionAttempt attempt) => new(
        Number(version), attempt.Stage, Numbers.Count(attempt.Number), Badge.OfStatus(attempt.Status), attempt.Error ?? "");

    private static string Runs(IReadOnlyDictionary<string, int> runs) =>
        string.Join(", ", runs.Select(run => $"{run.Value} {AttemptStatus.Word(run.Key)}"));

    private static string Number(int version) => "@" + version.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "";
}

/// <summary>One plan of the experiment.</summary>
/// <param name="Note">`this page`, or the empty string.</param>
/// <param name="Last">The empty string where the plan ran once.</param>
/// <param name="Changes">The differences from the previous version.</param>
/// <param name="Arms">The primary metric of each arm: mean ± standard deviation over seeds, n.</param>
internal sealed record VersionsRow(
    string Number,
    string Note,
    string First,
    string Last,
    IReadOnlyList<string> Changes,
    string Runs,
    string Metric,
    IReadOnlyList<string> Arms);

/// <summary>An attempt of an earlier version without a result.</summary>
internal sealed record VersionsAttempt(string Version, string Stage, string Number, Badge Status, string Error);
