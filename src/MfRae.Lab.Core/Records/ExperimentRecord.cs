using System.Text.Json.Serialization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>All data of the current plan of one experiment in the database. A report is a function of this record.</summary>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Runs">Runs in the order of arms, then seeds, including failed and diverged runs.</param>
/// <param name="Stages">Each stage of all runs once, inputs before users.</param>
/// <param name="Files">The experiment file and the files it extends; null for plans from before they were kept.</param>
/// <param name="Versions">All plans of the experiment if there are several, the current plan without times; null for a single plan.</param>
/// <param name="Seeds">The seeds that confirm.</param>
/// <param name="SmallestRelevantEffect">See <see cref="Experiment"/>; null in records from before it was declared.</param>
/// <param name="Contrasts">The contrasts that carry the verdicts; null: every arm against the baseline.</param>
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
    IReadOnlyList<PlanVersion>? Versions = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SmallestRelevantEffect = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Contrast>? Contrasts = null)
{
    /// <summary>The seeds that explored, without the seeds that confirm.</summary>
    public IReadOnlyList<long> PilotSeeds() => [.. Runs.Where(run => run.Pilot).Select(run => run.Seed).Distinct()];
}

/// <summary>An arm.</summary>
/// <param name="Differences">Option path → JSON text, for the options that the arm changes.</param>
/// <param name="OptionsJson">All options of the arm, including defaults.</param>
/// <param name="Title">Its name in reports and tables; null: its name.</param>
/// <param name="Levels">
/// Axis → name of the arm's level, in the order of the axes; null for an arm that is not in the grid of `axes`, and in records from before
/// levels were kept.
/// </param>
public sealed record ArmRecord(
    string Name,
    bool Baseline,
    IReadOnlyDictionary<string, string> Differences,
    string OptionsJson,
    string? Title = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Levels = null);

/// <summary>A run.</summary>
/// <param name="Status">completed if all stages are; otherwise the worst status of its stages, in lower case.</param>
/// <param name="Stages">Role → stage key, see <see cref="Planning.PlannedRun"/>.</param>
/// <param name="Pilot">Whether its seed explores: no mean and no test contains it.</param>
public sealed record RunRecord(
    string Id,
    string Arm,
    long Seed,
    string Status,
    IReadOnlyDictionary<string, string> Stages,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Pilot = false)
{
    /// <summary>Whether the run waits or runs.</summary>
    public bool IsOpen() => Status is "planned" or "queued" or "running";
}

/// <summary>A stage with its attempts and results.</summary>
/// <param name="DefinitionJson">The stage's definition with all options.</param>
/// <param name="Measurements">In the order they were measured.</param>
/// <param name="Series">Only valid points, without those that a resumed attempt superseded.</param>
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

/// <summary>An attempt at a stage.</summary>
/// <param name="ResumedFrom">The step that it resumed from, or null if it started from the beginning.</param>
/// <param name="Origin">Null in records of earlier versions.</param>
/// <param name="Trace">The output and curves of an attempt that failed, or null.</param>
/// <param name="MicroBatch">The most samples of a training batch that were evaluated at once; null: the whole batch.</param>
/// <param name="Recompute">Whether activations were computed again in the backward pass.</param>
/// <param name="Use">The use of the machine, thinned out to <see cref="MachineUse"/> readings for a chart; null if it was not recorded.</param>
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
    FailureTrace? Trace = null,
    int? MicroBatch = null,
    bool Recompute = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<MachineUse>? Use = null)
{
    /// <summary>Wall time × devices, or of one device if the number was not recorded.</summary>
    public double DeviceSeconds => WallSeconds * (Origin?.Devices ?? 1);
}

/// <summary>A curve: ascending steps with their values, which are null if not finite.</summary>
/// <param name="Gathered">Buckets of adjacent points, in order, instead of steps and values, for thousands of points.</param>
public sealed record SeriesRecord(
    string Name, IReadOnlyList<long> Steps, IReadOnlyList<double?> Values, IReadOnlyList<CurveBucket>? Gathered = null)
{
    /// <summary>The curve in buckets; a short curve has one point in each bucket.</summary>
    public IEnumerable<CurveBucket> Buckets => Gathered ?? Steps.Zip(Values, CurveBucket.Of);
}

/// <summary>A PNG image.</summary>
public sealed record ImageRecord(string Name, string Caption, byte[] Png);

/// <summary>A summary of adjacent points of one series, with their extremes, for charts.</summary>
/// <param name="Count">Number of points.</param>
/// <param name="Finite">Number of points with a finite value; if it is 0, <paramref name="Low"/> and <paramref name="High"/> are undefined.</param>
/// <param name="Sum">Sum of the finite values.</param>
public readonly record struct CurveBucket(long FirstStep, long LastStep, long Count, long Finite, double Sum, double Low, double High)
{
    /// <summary>The bucket of one point.</summary>
    public static CurveBucket Of(long step, double? value) => value is { } number && double.IsFinite(number)
        ? new(step, step, 1, 1, number, number, number)
        : new(step, step, 1, 0, 0, double.PositiveInfinity, double.NegativeInfinity);

    /// <summary>This bucket together with the next.</summary>
    public CurveBucket And(CurveBucket next) => new(
        FirstStep, next.LastStep, Count + next.Count, Finite + next.Finite, Sum + next.Sum, Math.Min(Low, next.Low), Math.Max(High, next.High));
}

/// <summary>The output and curves of an attempt that failed, diverged or was killed.</summary>
/// <param name="Log">The last lines that its worker printed, without secrets; null without output.</param>
/// <param name="Series">Its loss and gradient norms up to its end, including points that a later attempt superseded.</param>
public sealed record FailureTrace(string? Log, IReadOnlyList<SeriesRecord> Series)
{
    /// <summary>The series that are kept, if the stage reports them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss", "gradientNorm", "gradientNorm.unweighted"];
}

/// <summary>The displayed names of arms: their titles, if the experiment gives them.</summary>
public static class ArmTitles
{
    /// <summary>Name of each arm → its displayed name. Different arms always have different displayed names.</summary>
    public static IReadOnlyDictionary<string, string> Of(ExperimentRecord record)
    {
        var plain = record.Arms.Select(arm => arm.Title ?? arm.Name).ToArray();
        var called = record.Arms.Select(arm =>
            arm.Title is { } title ? plain.Count(other => other == title) > 1 ? $"{title} ({arm.Name})" : title : arm.Name).ToArray();
        var unique = called.Distinct().Count() == called.Length;
        return record.Arms.Zip(called).ToDictionary(pair => pair.First.Name, pair => unique ? pair.Second : pair.First.Name);
    }

    /// <summary>
    /// The record with titles instead of names, for pages and tables: each arm then has its name as its title. A record without titles is
    /// unchanged.
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
            Contrasts = record.Contrasts?.Select(contrast => contrast with
            {
                Weights = contrast.Weights.ToDictionary(arm => called.GetValueOrDefault(arm.Key, arm.Key), arm => arm.Value),
            }).ToArray(),
        };
    }
}
