using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Data;

/// <summary>A record with the look-ups and comparisons that several sections need. A pure function of the record.</summary>
internal sealed class ReportData
{
    private readonly Dictionary<string, ExperimentComparison> _comparisons = [];

    /// <param name="images">Characters of images that the page may hold.</param>
    public ReportData(ExperimentRecord record, long images = SheetImages.Usual)
    {
        Record = record;
        Stages = record.Stages.ToDictionary(stage => stage.Key);
        Arms = [.. record.Arms.Select((arm, index) => new ArmView(arm, index, [.. record.Runs.Where(run => run.Arm == arm.Name)]))];
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

    /// <summary>Keys of all measurements of runs: the primary one, then the order in which they were measured.</summary>
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

    /// <summary>The stage that plays a role in a run, or null where it has none.</summary>
    public StageRecord? Stage(RunRecord run, string role) =>
        run.Stages.TryGetValue(role, out var key) ? Stages.GetValueOrDefault(key) : null;

    /// <summary>The different stages that play a role, each with the arms that use it, in the order of arms.</summary>
    public IReadOnlyList<RoleGroup> Role(string role) =>
    [
        .. from arm in Arms
           from run in arm.Runs
           let stage = Stage(run, role)
           where stage is not null
           group arm by stage.Key into users
           select new RoleGroup(Stages[users.Key], [.. users.Distinct()]),
    ];

    /// <summary>Whether every arm uses the stages of a group, so that its name need not be said.</summary>
    public bool Shared(RoleGroup group) => group.Arms.Count == Arms.Count;
}

/// <summary>An arm as the sections see it.</summary>
/// <param name="Css">The class that carries its colour: a0, a1, …</param>
internal sealed record ArmView(ArmRecord Record, int Index, IReadOnlyList<RunRecord> Runs)
{
    public string Name => Record.Name;

    /// <summary>The name for queries and `--only`, if the arm has a title; else null.</summary>
    public string? Key => Record.Title;

    public bool IsBaseline => Record.Baseline;

    public string Css => $"a{Index}";

    /// <summary>`1 of 2 seeds diverged`, or the empty string where every run completed.</summary>
    public string Losses => string.Join(", ", Runs
        .Where(run => run.Status != "completed")
        .GroupBy(run => run.Status)
        .Select(group => $"{group.Count()} of {Markup.Numbers.Plural(Runs.Count, "seed")} {group.Key}"));

    public ArmSample Of(ExperimentComparison comparison) => comparison.Arms[Index];
}

/// <summary>A stage and the arms that use it in some role.</summary>
internal sealed record RoleGroup(StageRecord Stage, IReadOnlyList<ArmView> Arms)
{
    public string Names => string.Join(", ", Arms.Select(arm => arm.Name));
}

/// <summary>The teacher's values of what an arm was measured by, at each of its numbers of steps.</summary>
internal static class TeacherLines
{
    /// <summary>Only of a teacher that all arms share, and only values of the same thing but for the number of steps.</summary>
    public static IReadOnlyList<Measurement> Values(ReportData data, Measurement arm) =>
    [
        .. from teacher in data.Role("teacherEvaluation")
           where data.Shared(teacher)
           from value in teacher.Stage.Measurements
           where value.Value is not null && MeasurementIdentity.Difference(value with { Steps = arm.Steps }, arm) is null
           orderby value.Steps
           select value,
    ];

    public static IReadOnlyList<ReferenceLine> Of(ReportData data, Measurement arm) =>
        [.. Values(data, arm).Select(value => new ReferenceLine(value.Value!.Value, $"teacher, {Numbers.Plural(value.Steps, "step")}"))];
}

/// <summary>What stages spent.</summary>
internal static class StageSpending
{
    /// <summary>Floating-point operations of a whole stage, estimated; null where no attempt tells.</summary>
    public static double? Flops(this StageRecord stage) =>
        stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin?.Flops;

    /// <summary>
    /// In which seconds stages are counted: those of processors that work side by side, or of devices, busy as long as their stage runs.
    /// An attempt that ended before it told of its device has no say.
    /// </summary>
    public static (string Unit, Func<AttemptRecord, double> Of) Seconds(this IEnumerable<StageRecord> stages) =>
        stages.SelectMany(stage => stage.Attempts).Any(attempt => attempt.Device is not ("" or "cpu"))
            ? ("device seconds", attempt => attempt.DeviceSeconds)
            : ("CPU seconds", attempt => attempt.CpuSeconds);
}

/// <summary>The unit in which some numbers of operations are best read.</summary>
internal sealed record FlopUnit(string Name, double Size)
{
    private static readonly FlopUnit[] All = [new("EFLOP", 1e18), new("PFLOP", 1e15), new("TFLOP", 1e12), new("GFLOP", 1e9)];

    /// <summary>The largest of which the largest value is at least one; one for all, so that a column can be read down.</summary>
    public static FlopUnit For(IEnumerable<double> values)
    {
        var most = values.DefaultIfEmpty(0).Max();
        return All.FirstOrDefault(unit => most >= unit.Size) ?? All[^1];
    }
}
