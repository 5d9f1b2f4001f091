using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tracking;

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
