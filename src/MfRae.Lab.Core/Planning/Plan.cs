using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Planning;

/// <summary>Arms × seeds as a graph of stages with keys. A pure function of the experiment.</summary>
/// <param name="Stages">Each stage once, inputs before users.</param>
/// <param name="Runs">One run for each arm and seed, in the order of the file.</param>
/// <param name="Hash">SHA-256 of the run ids: it changes when any stage of any run changes.</param>
public sealed record Plan(
    Experiment Experiment,
    IReadOnlyList<StageNode> Stages,
    IReadOnlyList<PlannedRun> Runs,
    string Hash);

/// <summary>One arm under one seed.</summary>
/// <param name="Id">64 hex digits, from the arm's name, the seed and the stage keys.</param>
/// <param name="Stages">Role → stage key, for all stages that the run depends on. Roles are stage kinds, except `teacherSampling` and
/// `teacherEvaluation` (samples of the teacher and their evaluation), `secondFeatures`, `reference.SPLIT`, `secondReference.SPLIT`, and
/// `evaluation`, which is also the role of an oracle evaluation.</param>
/// <param name="Pilot">Whether its seed explores: no mean and no test contains it.</param>
public sealed record PlannedRun(
    string Id,
    string Arm,
    long Seed,
    IReadOnlyDictionary<string, string> Stages,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Pilot = false)
{
    private static readonly string[] ResultRoles = ["evaluation", DerivativeErrorNames.Error];

    /// <summary>The keys of the stages that measure the run's results; empty if it only trains or measures networks for other experiments.</summary>
    public IEnumerable<string> Results() => ResultRoles.Where(Stages.ContainsKey).Select(role => Stages[role]);
}

/// <summary>One stage of a plan.</summary>
/// <param name="Key">64 lower-case hex digits, see <see cref="StageKey"/>.</param>
/// <param name="Kind">The discriminator of <see cref="StageDefinition"/>: dataset, encoder, …</param>
/// <param name="Label">Its name in progress and reports: the role in words, with arm and seed if several stages share it, e.g.
/// `meanflow lambda=0.5 seed 1`.</param>
/// <param name="Seed">The seed, or null if the stage does not depend on it.</param>
/// <param name="Inputs">Input name → key of the stage that makes it.</param>
/// <param name="Files">Path in the options → SHA-256, see <see cref="StageDefinition.Files"/>.</param>
public sealed record StageNode(
    string Key,
    string Kind,
    string Label,
    StageDefinition Definition,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyDictionary<string, string>? Files = null);

/// <summary>Describes what a run of a plan would do.</summary>
public static class PlanText
{
    private const int ShortKeyLength = 10;

    /// <summary>The stages, inputs before users.</summary>
    /// <param name="isComplete">Whether the stage with a key is in the store.</param>
    public static IReadOnlyList<PlanLine> Lines(Plan plan, Func<string, bool> isComplete) =>
        [.. plan.Stages.Select(stage => new PlanLine(isComplete(stage.Key), stage.Key[..ShortKeyLength], stage.Kind, stage.Label))];

    /// <summary>Arms, seeds, cached and remaining stages, and the power of the design.</summary>
    /// <param name="spread">The spread of earlier results, or null.</param>
    public static string Describe(Plan plan, Func<string, bool> isComplete, EarlierSpread? spread = null)
    {
        var lines = Lines(plan, isComplete);
        var experiment = plan.Experiment;
        int cached = lines.Count(line => line.Cached);
        int width = lines.Max(line => line.Kind.Length);
        var text = new StringBuilder();
        text.Append($"{experiment.Name}: {experiment.Question}\n");
        text.Append($"{Count(experiment.Arms.Count, "arm")} × {Seeds(experiment)} = {Count(plan.Runs.Count, "run")}, ");
        text.Append($"{Count(lines.Count, "stage")}: {cached} cached, {lines.Count - cached} to run\n\n");
        foreach (var line in lines)
        {
            text.Append($"  {(line.Cached ? "cached" : "run   ")}  {line.ShortKey}  {line.Kind.PadRight(width)}  {line.Label}\n");
        }

        text.Append($"\n{Analysis(experiment, spread)}\n");
        return text.ToString();
    }

    private static string Seeds(Experiment experiment) => experiment.PilotSeeds is { Count: > 0 } pilots
        ? $"({Count(experiment.Seeds.Count, "seed")} + {Count(pilots.Count, "pilot seed")})"
        : Count(experiment.Seeds.Count, "seed");

    /// <summary>The declared contrasts, and what the seeds can show.</summary>
    private static string Analysis(Experiment experiment, EarlierSpread? spread)
    {
        var scale = MetricCatalogue.IsPositive(experiment.PrimaryMetric.Split('@')[0]) ? EffectScale.LogRatio : EffectScale.Difference;
        var contrasts = experiment.Contrasts ?? [];
        var text = new StringBuilder();
        foreach (var contrast in contrasts)
        {
            text.Append($"contrast {contrast.Name}: {contrast.Formula()} in {contrast.Metric ?? experiment.PrimaryMetric}\n");
        }

        if (experiment.Halving is { } halving)
        {
            text.Append(CultureInfo.InvariantCulture, $"halving: after {string.Join(" and ", halving.Rungs)} pilot seeds, {halving.Keep * 100:0.#} % of the arms continue, and the others stop\n");
        }

        text.Append(experiment.SmallestRelevantEffect is { } effect
            ? $"smallest relevant effect in {experiment.PrimaryMetric}: {ComparisonText.Margin(scale, effect)}\n"
            : "The experiment declares no smallestRelevantEffect, so its report gives estimates and intervals without verdicts.\n");
        return text.Append(Power.Describe(
            experiment.Seeds.Count, contrasts.Count > 0 ? contrasts.Count : experiment.Arms.Count - 1, scale, experiment.SmallestRelevantEffect, spread))
            .ToString();
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}

/// <summary>A stage in the output of `plan`.</summary>
/// <param name="Cached">Whether it is already complete; otherwise it would run.</param>
/// <param name="ShortKey">The first digits of its key.</param>
public sealed record PlanLine(bool Cached, string ShortKey, string Kind, string Label);
