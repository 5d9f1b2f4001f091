using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>A record with the look-ups and comparisons that several sections need. A pure function of the record.</summary>
internal sealed class ReportData
{
    private readonly Dictionary<string, ExperimentComparison> comparisons = [];

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
        if (!comparisons.TryGetValue(key, out var comparison))
        {
            comparisons[key] = comparison = ExperimentComparison.Of(Record, key);
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
