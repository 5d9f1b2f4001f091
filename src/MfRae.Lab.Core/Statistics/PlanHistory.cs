using System.Globalization;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>A plan in the database.</summary>
/// <param name="Record">The record without curves and images.</param>
/// <param name="EvaluationJson">The options of the evaluation.</param>
public sealed record RecordedPlan(
    ExperimentRecord Record, string EvaluationJson, bool Current, DateTimeOffset? FirstRun, DateTimeOffset? LastRun);

/// <summary>Describes the plans of one experiment: their outcomes, and the differences from the previous plan.</summary>
public static class PlanHistory
{
    /// <summary>The versions of an experiment.</summary>
    /// <param name="plans">All plans of one experiment, in the order in which they first ran.</param>
    public static IReadOnlyList<PlanVersion> Of(IReadOnlyList<RecordedPlan> plans) =>
        [.. plans.Select((plan, at) => Version(plan, at + 1, at == 0 ? null : plans[at - 1]))];

    private static PlanVersion Version(RecordedPlan plan, int number, RecordedPlan? before)
    {
        var record = plan.Record;
        var comparison = ExperimentComparison.Of(record);
        return new(
            number,
            plan.Current,
            record.PlanHash,
            plan.FirstRun,
            plan.LastRun,
            before is null ? [] : Changes(before, plan),
            record.PrimaryMetric,
            Count(record.Runs),
            [.. comparison.Arms.Select(sample => Arm(sample, record.Runs))],
            [.. record.Stages.SelectMany(Attempts)],
            Verdicts(comparison));
    }

    private static Dictionary<string, string>? Verdicts(ExperimentComparison comparison)
    {
        var decided = comparison.Decisions.Where(result => result.Verdict.IsDecided() && !result.IsPartial).ToArray();
        return decided.Length == 0 ? null : decided.ToDictionary(result => result.Contrast.Name, result => ComparisonText.Word(result.Verdict));
    }

    private static VersionArm Arm(ArmSample sample, IReadOnlyList<RunRecord> runs)
    {
        var summary = sample.Summary;
        var has = summary.Count > 0 && sample.Conflict is null;
        return new(
            sample.Arm,
            Count(runs.Where(run => run.Arm == sample.Arm)),
            summary.Count,
            has ? summary.Mean : null,
            has ? summary.Deviation : null);
    }

    private static Dictionary<string, int> Count(IEnumerable<RunRecord> runs) => runs
        .GroupBy(run => run.Status)
        .OrderBy(group => group.Key != AttemptStatus.Completed)
        .ThenBy(group => group.Key, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Count());

    private static IEnumerable<VersionAttempt> Attempts(StageRecord stage) => stage.Attempts
        .Where(attempt => AttemptStatus.IsFailure(attempt.Status) || attempt.Status == AttemptStatus.Interrupted)
        .Select(attempt => new VersionAttempt(
            stage.Label, attempt.Number, attempt.Status, attempt.Error, stage.Status == AttemptStatus.Completed));

    private static IReadOnlyList<PlanChange> Changes(RecordedPlan before, RecordedPlan after)
    {
        var (old, now) = (before.Record, after.Record);
        var (oldNames, names) = (old.Arms.Select(arm => arm.Name).ToArray(), now.Arms.Select(arm => arm.Name).ToArray());
        var changes = new List<PlanChange>();
        changes.AddRange(oldNames.Except(names).Select(arm => new PlanChange("arm", [], arm, null)));
        changes.AddRange(names.Except(oldNames).Select(arm => new PlanChange("arm", [], null, arm)));
        void Add(string what, string one, string other)
        {
            if (one != other)
            {
                changes.Add(new(what, [], one, other));
            }
        }

        Add("baseline", Baseline(old), Baseline(now));
        Add("seeds", Seeds(old), Seeds(now));
        Add("primaryMetric", old.PrimaryMetric, now.PrimaryMetric);
        changes.AddRange(JsonDifference.Of(before.EvaluationJson, after.EvaluationJson)
            .Select(difference => new PlanChange("evaluation." + difference.Path, [], difference.One, difference.Other)));
        changes.AddRange(Options(old, now));
        return changes.Count > 0 ? changes : [Stages(old, now)];
    }

    /// <summary>One change for each path and pair of values, with the arms that have it.</summary>
    private static IEnumerable<PlanChange> Options(ExperimentRecord old, ExperimentRecord now)
    {
        var common = now.Arms.Join(old.Arms, arm => arm.Name, arm => arm.Name, (after, before) => (before, after)).ToArray();
        return common
            .SelectMany(pair => JsonDifference.Of(pair.before.OptionsJson, pair.after.OptionsJson)
                .Select(difference => (pair.after.Name, difference)))
            .GroupBy(item => item.difference)
            .Select(group => new PlanChange(
                group.Key.Path,
                group.Count() == common.Length ? [] : [.. group.Select(item => item.Name)],
                group.Key.One,
                group.Key.Other));
    }

    private static PlanChange Stages(ExperimentRecord old, ExperimentRecord now)
    {
        var known = old.Stages.Select(stage => stage.Key).ToHashSet();
        return new("stages", [], null, string.Join(", ", now.Stages.Where(stage => !known.Contains(stage.Key)).Select(stage => stage.Kind).Distinct()));
    }

    private static string Baseline(ExperimentRecord record) => record.Arms.FirstOrDefault(arm => arm.Baseline)?.Name ?? "";

    private static string Seeds(ExperimentRecord record) =>
        string.Join(", ", record.Seeds.Select(seed => seed.ToString(CultureInfo.InvariantCulture)));
}
