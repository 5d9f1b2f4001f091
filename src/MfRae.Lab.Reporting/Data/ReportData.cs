using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Data;

/// <summary>A record with look-ups and comparisons that several sections need. A pure function of the record.</summary>
internal sealed class ReportData
{
    private readonly Dictionary<string, ExperimentComparison> _comparisons = [];

    /// <param name="images">The largest total length of the images in the page, in characters of base64.</param>
    public ReportData(ExperimentRecord record, long images = SheetImages.Usual)
    {
        Record = record;
        Stages = record.Stages.ToDictionary(stage => stage.Key);
        Arms = [.. record.Arms.Select((arm, index) => Of(arm, index, record.Runs))];
        Options = OptionTable.Of(record.Arms);
        Axis = ArmAxis.Of(Options);
        Sql = new(record.Name);
        Sheets = new(record.Name, images);
        Keys = [.. RunMeasurement.Keys(record).OrderBy(key => key != record.PrimaryMetric)];
        Primary = Compare(record.PrimaryMetric);
    }

    public ExperimentRecord Record { get; }

    public IReadOnlyDictionary<string, StageRecord> Stages { get; }

    public IReadOnlyList<ArmView> Arms { get; }

    public OptionTable Options { get; }

    public ArmAxis? Axis { get; }

    public Sql Sql { get; }

    public SheetImages Sheets { get; }

    /// <summary>Keys of all measurements of runs: the primary metric first, the others in the order of measurement.</summary>
    public IReadOnlyList<string> Keys { get; }

    public ExperimentComparison Primary { get; }

    public ExperimentComparison Compare(string key)
    {
        if (!_comparisons.TryGetValue(key, out var comparison))
        {
            _comparisons[key] = comparison = ExperimentComparison.Of(Record, key);
        }

        return comparison;
    }

    /// <summary>The stage with a role in a run; null if the run has no such stage.</summary>
    public StageRecord? Stage(RunRecord run, string role) =>
        run.Stages.TryGetValue(role, out var key) ? Stages.GetValueOrDefault(key) : null;

    /// <summary>The distinct stages with a role, each with the arms that use it, in the order of arms.</summary>
    public IReadOnlyList<RoleGroup> Role(string role) =>
    [
        .. from arm in Arms
           from run in arm.Runs
           let stage = Stage(run, role)
           where stage is not null
           group arm by stage.Key into users
           select new RoleGroup(Stages[users.Key], [.. users.Distinct()]),
    ];

    /// <summary>An arm. A run is open until stages without its results are complete too, such as the teacher's evaluation; then it is not lost.</summary>
    private ArmView Of(ArmRecord arm, int index, IReadOnlyList<RunRecord> runs)
    {
        bool IsMeasured(RunRecord run) => run.Stages.Where(role => role.Key is "evaluation" or "derivativeError" || role.Key.StartsWith("evaluation.", StringComparison.Ordinal))
            .Select(role => Stages.GetValueOrDefault(role.Value)?.Status == AttemptStatus.Completed).DefaultIfEmpty(false).All(complete => complete);
        RunRecord[] own = [.. runs.Where(run => run.Arm == arm.Name)];
        return new(arm, index, own, [.. own.Where(run => run.Status != AttemptStatus.Completed && !(run.Status is "queued" or "running" && IsMeasured(run)))]);
    }

    /// <summary>Whether every arm uses the stage of a group, so that a title need not list the arms.</summary>
    public bool Shared(RoleGroup group) => group.Arms.Count == Arms.Count;
}

/// <summary>An arm of a report.</summary>
/// <param name="Lost">The runs that have no results, or not yet.</param>
internal sealed record ArmView(ArmRecord Record, int Index, IReadOnlyList<RunRecord> Runs, IReadOnlyList<RunRecord> Lost)
{
    public string Name => Record.Name;

    /// <summary>The name for queries and `--only`, if the arm has a title; else null.</summary>
    public string? Key => Record.Title;

    public bool IsBaseline => Record.Baseline;

    /// <summary>The class of the arm's colour: a0, a1, …</summary>
    public string Css => $"a{Index}";

    /// <summary>`1 of 2 seeds diverged`; the empty string if every run has its results.</summary>
    public string Losses => string.Join(", ", Lost
        .GroupBy(run => run.Status)
        .Select(group => $"{group.Count()} of {Markup.Numbers.Plural(Runs.Count, "seed")} {group.Key}"));

    public ArmSample Of(ExperimentComparison comparison) => comparison.Arms[Index];
}

/// <summary>A stage, and the arms that use it.</summary>
internal sealed record RoleGroup(StageRecord Stage, IReadOnlyList<ArmView> Arms)
{
    public string Names => string.Join(", ", Arms.Select(arm => arm.Name));
}

/// <summary>The teacher's values of an arm's metric, one for each of the teacher's numbers of steps.</summary>
internal static class TeacherLines
{
    /// <summary>
    /// Why a value of the teacher and one of an arm cannot be compared; null if they were measured alike, apart from the number of steps and
    /// the noise of the samples: the teacher's samples start from one set of noise, whatever the seed.
    /// </summary>
    public static IdentityConflict? Conflict(Measurement teacher, Measurement arm) => MeasurementIdentity.Difference(
        MeasurementSetting.WithoutNoise(teacher) with { Steps = arm.Steps }, MeasurementSetting.WithoutNoise(arm));

    /// <summary>The values of a teacher that all arms share, if they were measured like the arm's.</summary>
    public static IReadOnlyList<Measurement> Values(ReportData data, Measurement arm) =>
    [
        .. from teacher in data.Role("teacherEvaluation")
           where data.Shared(teacher)
           from value in teacher.Stage.Measurements
           where value.Value is not null && Conflict(value, arm) is null
           orderby value.Steps
           select value,
    ];

    public static IReadOnlyList<ReferenceLine> Of(ReportData data, Measurement arm) =>
        [.. Values(data, arm).Select(value => new ReferenceLine(value.Value!.Value, $"teacher, {Numbers.Plural(value.Steps, "step")}"))];
}

/// <summary>Costs of stages.</summary>
internal static class StageSpending
{
    /// <summary>The estimated floating-point operations of a stage; null if no attempt recorded them.</summary>
    public static double? Flops(this StageRecord stage) =>
        stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin?.Flops;

    /// <summary>
    /// The unit of time for stages: device seconds if any attempt ran on an accelerator, else CPU seconds. Attempts that ended before they
    /// recorded their device are ignored.
    /// </summary>
    public static (string Unit, Func<AttemptRecord, double> Of) Seconds(this IEnumerable<StageRecord> stages) =>
        stages.SelectMany(stage => stage.Attempts).Any(attempt => attempt.Device is not ("" or "cpu"))
            ? ("device seconds", attempt => attempt.DeviceSeconds)
            : ("CPU seconds", attempt => attempt.CpuSeconds);
}

/// <summary>A unit for numbers of operations.</summary>
internal sealed record FlopUnit(string Name, double Size)
{
    private static readonly FlopUnit[] All = [new("EFLOP", 1e18), new("PFLOP", 1e15), new("TFLOP", 1e12), new("GFLOP", 1e9)];

    /// <summary>The largest unit in which the largest value is at least one. All values of a column share it.</summary>
    public static FlopUnit For(IEnumerable<double> values)
    {
        var most = values.DefaultIfEmpty(0).Max();
        return All.FirstOrDefault(unit => most >= unit.Size) ?? All[^1];
    }
}
