using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>Lists what two experiments share and what differs.</summary>
internal static class SharedAndChanged
{
    private const int MostChanged = 20;

    public static SharedAndChangedContent Of(ComparisonSide a, ComparisonSide b)
    {
        var theirs = b.Record.Stages.ToDictionary(stage => stage.Key);
        var shared = a.Record.Stages.Where(stage => theirs.ContainsKey(stage.Key)).ToArray();
        var values = shared.SelectMany(stage => Values(stage, theirs[stage.Key])).ToArray();
        var changed = values.Where(value => value.One != value.Other).ToArray();
        return new(
            a,
            b,
            [.. Facts(a, b)],
            $"{Numbers.Plural(shared.Length, "stage")} in both, {Numbers.Count(a.Record.Stages.Count - shared.Length)} only in A, "
                + $"{Numbers.Count(b.Record.Stages.Count - shared.Length)} only in B. Stages with equal keys have the same options, inputs and seed.",
            [.. Kinds(a.Record, b.Record)],
            values.Length == 0 ? ""
                : changed.Length == 0 ? $"All {Numbers.Plural(values.Length, "value")} measured by shared stages are bit-identical."
                : $"{Numbers.Count(changed.Length)} of {Numbers.Plural(values.Length, "value")} measured by shared stages differ"
                    + (changed.Length > MostChanged ? $". The first {MostChanged}:" : ":"),
            [.. changed.Take(MostChanged).Select(value => new SharedAndChangedValue(value.Stage, value.Metric, Exact(value.One), Exact(value.Other)))],
            Arms(a.Record, b.Record),
            [.. Options(a.Record, b.Record)]);
    }

    private static IEnumerable<SharedAndChangedFact> Facts(ComparisonSide a, ComparisonSide b)
    {
        SharedAndChangedFact Fact(string name, Func<ComparisonSide, IEnumerable<string>> of, bool timing = false)
        {
            var (one, other) = (Lines(of(a)), Lines(of(b)));
            return new(name, one, other, Badge.OfEquality(one == other), timing);
        }

        yield return Fact("Plan hash", side => [side.Record.PlanHash]);
        yield return Fact("Experiment file", side => [side.Record.Path]);
        if (a.Record.Files is { } mine && b.Record.Files is { } theirs)
        {
            var same = mine.Select(file => file.Text).SequenceEqual(theirs.Select(file => file.Text));
            yield return new("Text of the experiment file and the files it extends", $"{Numbers.Plural(mine.Count, "file")}", $"{Numbers.Plural(theirs.Count, "file")}",
                Badge.OfEquality(same), false);
        }

        yield return Fact("Options set on the command line", side => side.Record.Overrides);
        yield return Fact("Primary metric", side => [side.Record.PrimaryMetric]);
        yield return Fact("Seeds", side => [string.Join(", ", side.Record.Seeds.Select(seed => seed.ToString(CultureInfo.InvariantCulture)))]);
        yield return Fact("Source commits", side => side.Sources, timing: true);
        yield return Fact("Programs", side => side.Programs, timing: true);
        yield return Fact("Machines", side => side.Machines, timing: true);
    }

    private static IEnumerable<SharedAndChangedStages> Kinds(ExperimentRecord one, ExperimentRecord other)
    {
        var (mine, theirs) = (one.Stages.Select(stage => stage.Key).ToHashSet(), other.Stages.Select(stage => stage.Key).ToHashSet());
        return one.Stages.Concat(other.Stages).DistinctBy(stage => stage.Key).GroupBy(stage => stage.Kind).Select(kind => new SharedAndChangedStages(
            kind.Key,
            Numbers.Count(kind.Count(stage => mine.Contains(stage.Key) && theirs.Contains(stage.Key))),
            Numbers.Count(kind.Count(stage => !theirs.Contains(stage.Key))),
            Numbers.Count(kind.Count(stage => !mine.Contains(stage.Key)))));
    }

    /// <summary>The values of a shared stage in both experiments, matched by all fields of a measurement.</summary>
    private static IEnumerable<(string Stage, string Metric, double? One, double? Other)> Values(StageRecord one, StageRecord other)
    {
        var theirs = other.Measurements.GroupBy(Identity).ToDictionary(group => group.Key, group => group.Last().Value);
        return one.Measurements.GroupBy(Identity).Where(group => theirs.ContainsKey(group.Key))
            .Select(group => (one.Label, group.Key.Key, group.Last().Value, theirs[group.Key]));
    }

    // Without the device: the comparison is to show whether another device gives the same bits.
    private static Measurement Identity(Measurement measurement) => measurement with { Value = null, Low = null, High = null, Device = null };

    private static string Arms(ExperimentRecord one, ExperimentRecord other)
    {
        var (mine, theirs) = (one.Arms.Select(arm => arm.Name).ToArray(), other.Arms.Select(arm => arm.Name).ToArray());
        var sets = new (string What, string[] Arms)[]
        {
            ("in both", [.. mine.Intersect(theirs)]), ("only in A", [.. mine.Except(theirs)]), ("only in B", [.. theirs.Except(mine)]),
        };
        return "Arms " + string.Join("; ", sets.Where(set => set.Arms.Length > 0).Select(set => $"{set.What}: {string.Join(", ", set.Arms)}")) + ".";
    }

    private static IEnumerable<SharedAndChangedOption> Options(ExperimentRecord one, ExperimentRecord other)
    {
        var theirs = other.Arms.ToDictionary(arm => arm.Name);
        var both = one.Arms.Where(arm => theirs.ContainsKey(arm.Name)).ToArray();
        return both
            .SelectMany(arm => JsonDifference.Of(arm.OptionsJson, theirs[arm.Name].OptionsJson).Select(difference => (arm.Name, Difference: difference)))
            .GroupBy(entry => entry.Difference, entry => entry.Name)
            .Select(group => new SharedAndChangedOption(
                group.Key.Path,
                group.Count() == both.Length ? "all" : string.Join(", ", group),
                group.Key.One ?? "–",
                group.Key.Other ?? "–"));
    }

    private static string Lines(IEnumerable<string> values) => string.Join('\n', values.Where(value => value.Length > 0)) is { Length: > 0 } text ? text : "–";

    private static string Exact(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "not finite";
}

/// <summary>What two experiments share and what differs, apart from results.</summary>
/// <param name="Kept">A sentence on whether values of shared stages are equal; the empty string if no shared stage measured anything.</param>
/// <param name="Changed">Values of shared stages that differ.</param>
internal sealed record SharedAndChangedContent(
    ComparisonSide A,
    ComparisonSide B,
    IReadOnlyList<SharedAndChangedFact> Facts,
    string Stages,
    IReadOnlyList<SharedAndChangedStages> Kinds,
    string Kept,
    IReadOnlyList<SharedAndChangedValue> Changed,
    string Arms,
    IReadOnlyList<SharedAndChangedOption> Options);

/// <summary>One property of both experiments.</summary>
/// <param name="Timing">Whether the property describes how the work ran, and so differs between repetitions.</param>
internal sealed record SharedAndChangedFact(string Name, string One, string Other, Badge Badge, bool Timing);

/// <summary>The number of stages of one kind.</summary>
internal sealed record SharedAndChangedStages(string Kind, string Shared, string OnlyOne, string OnlyOther);

/// <summary>A value that a shared stage measured differently.</summary>
internal sealed record SharedAndChangedValue(string Stage, string Metric, string One, string Other);

/// <summary>An option that differs.</summary>
/// <param name="Arms">The arms in which the option has these values.</param>
internal sealed record SharedAndChangedOption(string Path, string Arms, string One, string Other);
