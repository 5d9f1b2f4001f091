using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>Everything the database knows of the current plan of one experiment: what a report is a function of.</summary>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Runs">In the order of arms, then seeds; failed and diverged ones included.</param>
/// <param name="Stages">Every stage of every run once, inputs before users.</param>
/// <param name="Files">The experiment file and what it extends, as written; null where the plan is of before they were kept.</param>
/// <param name="Versions">All plans of the experiment where there are several, this one without times; null where this one is the only one.</param>
public sealed record ExperimentRecord(
    string Name,
    string Path,
    string Question,
    string Expectation,
    string PrimaryMetric,
    string PlanHash,
    IReadOnlyList<string> Overrides,
    IReadOnlyList<ArmRecord> Arms,
    IReadOnlyList<long> Seeds,
    IReadOnlyList<RunRecord> Runs,
    IReadOnlyList<StageRecord> Stages,
    string? Title = null,
    IReadOnlyList<WrittenFile>? Files = null,
    IReadOnlyList<PlanVersion>? Versions = null);

/// <param name="Differences">Option path → JSON text, where the arm was patched.</param>
/// <param name="OptionsJson">All options of the arm, defaults included.</param>
/// <param name="Title">What reports and tables call it; null: its name.</param>
public sealed record ArmRecord(
    string Name, bool Baseline, IReadOnlyDictionary<string, string> Differences, string OptionsJson, string? Title = null);

/// <param name="Status">completed where every stage is; else the worst status of its stages, in lower case.</param>
/// <param name="Stages">Role → stage key, see <see cref="Planning.PlannedRun"/>.</param>
public sealed record RunRecord(string Id, string Arm, long Seed, string Status, IReadOnlyDictionary<string, string> Stages);

/// <param name="DefinitionJson">The stage's definition with every option.</param>
/// <param name="Measurements">In the order they were measured.</param>
/// <param name="Series">Valid points only: what a resume superseded is left out.</param>
public sealed record StageRecord(
    string Key,
    string Kind,
    string Label,
    string Status,
    string? Reason,
    long? Seed,
    string DefinitionJson,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyList<AttemptRecord> Attempts,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<SeriesRecord> Series,
    IReadOnlyList<ImageRecord> Images);

/// <param name="ResumedFrom">The step it went on from, or null where it began anew.</param>
/// <param name="Origin">Null where it is from before the journal told.</param>
/// <param name="Trace">Of one that failed, what may say why; null where it left nothing.</param>
public sealed record AttemptRecord(
    int Number,
    string Status,
    string Host,
    string Device,
    int Threads,
    DateTimeOffset Started,
    long? ResumedFrom,
    double WallSeconds,
    double CpuSeconds,
    long PeakBytes,
    string? Error,
    AttemptOrigin? Origin = null,
    FailureTrace? Trace = null)
{
    /// <summary>Wall time × devices; of one device where the journal did not tell.</summary>
    public double DeviceSeconds => WallSeconds * (Origin?.Devices ?? 1);
}

/// <summary>A curve: ascending steps, and a value for each; null where it was not finite.</summary>
/// <param name="Gathered">Instead of steps and values where there are thousands of them: neighbouring ones in buckets, in order.</param>
public sealed record SeriesRecord(
    string Name, IReadOnlyList<long> Steps, IReadOnlyList<double?> Values, IReadOnlyList<CurveBucket>? Gathered = null)
{
    /// <summary>The curve in buckets, those of one point where it is short.</summary>
    public IEnumerable<CurveBucket> Buckets => Gathered ?? Steps.Zip(Values, CurveBucket.Of);
}

/// <summary>A PNG image.</summary>
public sealed record ImageRecord(string Name, string Caption, byte[] Png);

/// <summary>Neighbouring points of one series, gathered: what a chart needs of them, with their extremes.</summary>
/// <param name="Count">Points, those without a finite value included.</param>
/// <param name="Finite">Points with a finite value; where there is none, <paramref name="Low"/> and <paramref name="High"/> mean nothing.</param>
/// <param name="Sum">Of the finite values.</param>
public readonly record struct CurveBucket(long FirstStep, long LastStep, long Count, long Finite, double Sum, double Low, double High)
{
    public static CurveBucket Of(long step, double? value) => value is { } number && double.IsFinite(number)
        ? new(step, step, 1, 1, number, number, number)
        : new(step, step, 1, 0, 0, double.PositiveInfinity, double.NegativeInfinity);

    /// <summary>With points that follow.</summary>
    public CurveBucket And(CurveBucket next) => new(
        FirstStep, next.LastStep, Count + next.Count, Finite + next.Finite, Sum + next.Sum, Math.Min(Low, next.Low), Math.Max(High, next.High));
}

/// <summary>What an attempt that failed, diverged or was ended from outside left to explain it.</summary>
/// <param name="Log">The last lines that its worker printed, secrets taken out; null where it printed nothing or nothing was kept.</param>
/// <param name="Series">Its own loss and gradient norm up to where it ended, also what a later attempt superseded.</param>
public sealed record FailureTrace(string? Log, IReadOnlyList<SeriesRecord> Series)
{
    /// <summary>The series that are kept, where the stage reports them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss", "gradientNorm"];
}

/// <summary>What arms are called where people read: by their titles, where the experiment gives them.</summary>
public static class ArmTitles
{
    /// <summary>Name of each arm → what it is called. Different arms are called differently, wherever the titles came from.</summary>
    public static IReadOnlyDictionary<string, string> Of(ExperimentRecord record)
    {
        var plain = record.Arms.Select(arm => arm.Title ?? arm.Name).ToArray();
        var called = record.Arms.Select(arm =>
            arm.Title is { } title ? plain.Count(other => other == title) > 1 ? $"{title} ({arm.Name})" : title : arm.Name).ToArray();
        var unique = called.Distinct().Count() == called.Length;
        return record.Arms.Zip(called).ToDictionary(pair => pair.First.Name, pair => unique ? pair.Second : pair.First.Name);
    }

    /// <summary>
    /// The record with titles in place of names, for a page or a table that is made from it: each arm then has its name as its title. A
    /// record without titles stays as it is.
    /// </summary>
    public static ExperimentRecord Apply(ExperimentRecord record)
    {
        if (record.Arms.All(arm => arm.Title is null))
        {
            return record;
        }

        var called = Of(record);
        return record with
        {
            Arms = [.. record.Arms.Select(arm => arm with { Name = called[arm.Name], Title = arm.Title is null ? null : arm.Name })],
            Runs = [.. record.Runs.Select(run => run with { Arm = called.GetValueOrDefault(run.Arm, run.Arm) })],
        };
    }
}
