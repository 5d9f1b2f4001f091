using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>Puts together in what two experiments agree and differ.</summary>
internal static class SharedAndChanged
{
    private const int MostChanged = 20;

    public static SharedAndChangedModel Of(ComparisonSide a, ComparisonSide b)
    {
        var theirs = b.Record.Stages.ToDictionary(stage => stage.Key);
        var shared = a.Record.Stages.Where(stage => theirs.ContainsKey(stage.Key)).ToArray();
        var values = shared.SelectMany(stage => Values(stage, theirs[stage.Key])).ToArray();
        var changed = values.Where(value => value.One != value.Other).ToArray();
        return new(
            a.Head,
            b.Head,
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
            var badge = one == other ? Parts.Badge("good", "same") : Parts.Badge("doubt", "differs");
            return new(name, one, other, badge, timing);
        }

        yield return Fact("Plan hash", side => [side.Record.PlanHash]);
        yield return Fact("Experiment file", side => [side.Record.Path]);
        if (a.Record.Files is { } mine && b.Record.Files is { } theirs)
        {
            var same = mine.Select(file => file.Text).SequenceEqual(theirs.Select(file => file.Text));
            yield return new("Text of the experiment file and the files it extends", $"{Numbers.Plural(mine.Count, "file")}", $"{Numbers.Plural(theirs.Count, "file")}",
                same ? Parts.Badge("good", "same") : Parts.Badge("doubt", "differs"), false);
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

    /// <summary>What a shared stage measured in both, by everything that tells measurements apart.</summary>
    private static IEnumerable<(string Stage, string Metric, double? One, double? Other)> Values(StageRecord one, StageRecord other)
    {
        var theirs = other.Measurements.GroupBy(Identity).ToDictionary(group => group.Key, group => group.Last().Value);
        return one.Measurements.GroupBy(Identity).Where(group => theirs.ContainsKey(group.Key))
            .Select(group => (one.Label, group.Key.Key, group.Last().Value, theirs[group.Key]));
    }

    // The device is left out: whether another one gives the same bits is what is asked here.
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

/// <summary>In what two experiments agree and differ, before any result is looked at.</summary>
/// <param name="Kept">Whether values of shared stages are equal, in a sentence; empty where no shared stage measured anything.</param>
/// <param name="Changed">Values of shared stages that are not.</param>
internal sealed record SharedAndChangedModel(
    Html A,
    Html B,
    IReadOnlyList<SharedAndChangedFact> Facts,
    string Stages,
    IReadOnlyList<SharedAndChangedStages> Kinds,
    string Kept,
    IReadOnlyList<SharedAndChangedValue> Changed,
    string Arms,
    IReadOnlyList<SharedAndChangedOption> Options);

/// <param name="Timing">Whether it tells how the work went instead of what was asked.</param>
internal sealed record SharedAndChangedFact(string Name, string One, string Other, Html Badge, bool Timing);

internal sealed record SharedAndChangedStages(string Kind, string Shared, string OnlyOne, string OnlyOther);

internal sealed record SharedAndChangedValue(string Stage, string Metric, string One, string Other);

/// <param name="Arms">Those in which the option differs so.</param>
internal sealed record SharedAndChangedOption(string Path, string Arms, string One, string Other);
