using System.Text.Json.Nodes;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Question;

internal sealed class QuestionSection : ISection
{
    public string Name => "Question";

    public string Title => "Question";

    public object Model(ReportData data)
    {
        var record = data.Record;
        var measurement = data.Primary.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        var pilots = record.PilotSeeds();
        return new
        {
            record.Question,
            record.Expectation,
            Metric = MetricName.OfKey(record.PrimaryMetric),
            Key = record.PrimaryMetric,
            Direction = measurement?.HigherIsBetter switch { true => "higher is better", false => "lower is better", null => "" },
            Relevant = Relevant(record),
            Contrasts = (record.Contrasts ?? []).Select(contrast => new
            {
                Name = contrast.Title ?? contrast.Name,
                Formula = contrast.Formula(),
                Metric = contrast.Metric ?? record.PrimaryMetric,
                Relevant = contrast.SmallestRelevantEffect is { } own ? $"smallest relevant effect {Numbers.Plain(own)}" : "",
            }).ToArray(),
            Pilots = pilots.Count == 0 ? ""
                : $"{Numbers.Plural(pilots.Count, "pilot seed")} ({string.Join(", ", pilots)}) explored before the confirmation: shown below each arm, and in no mean, interval or test",
            Earlier = Earlier(record),
            Design = $"{Numbers.Plural(record.Arms.Count, "arm")} × {Numbers.Plural(record.Seeds.Count, "seed")} = "
                + $"{Numbers.Plural(record.Runs.Count(run => !run.Pilot), "run")}, baseline {data.Primary.Baseline}",
            record.Path,
            Overrides = string.Join(" ", record.Overrides),
            Warnings = InitialShares.Notes(record),
        };
    }

    private static string Relevant(ExperimentRecord record) => record.SmallestRelevantEffect is not { } effect
        ? "none declared: the page shows estimates and intervals, and no verdicts"
        : MetricCatalogue.IsPositive(record.PrimaryMetric.Split('@')[0])
            ? $"log ratio {ComparisonText.Margin(EffectScale.LogRatio, effect)}; smaller differences do not matter"
            : $"difference {ComparisonText.Margin(EffectScale.Difference, effect)}; smaller differences do not matter";

    /// <summary>A note on values that an earlier revision of the code computed; the empty string without such values.</summary>
    private static string Earlier(ExperimentRecord record)
    {
        var earlier = StageRevision.Earlier(record);
        return earlier.Count == 0 ? "" : "These values are from earlier revisions of stages: "
            + string.Join(", ", earlier.Select(stage => $"{stage.Kind} {Numbers.Count(stage.Recorded!.Value)} (the current is {Numbers.Count(stage.Current)})"))
            + ". They are never pooled with values of newer runs.";
    }
}

/// <summary>Warnings about trainings that are too short for their EMA, so that the averaged weights still contain the initial weights.</summary>
internal static class InitialShares
{
    /// <summary>One sentence for each such stage.</summary>
    public static IReadOnlyList<string> Notes(ExperimentRecord record) =>
        [.. record.Stages.Select(stage => Note(stage)).OfType<string>().Distinct()];

    private static string? Note(StageRecord stage)
    {
        var training = Training(StoredJson.Parse(stage.DefinitionJson));
        if (StoredJson.Number(StoredJson.Find(training, "ema")) is not { } ema
            || StoredJson.Number(StoredJson.Find(training, "steps")) is not { } steps)
        {
            return null;
        }

        double share = TrainingOptions.InitialShare(ema, steps);
        return share > TrainingOptions.NotableInitialShare
            ? FormattableString.Invariant(
                $"{stage.Label}: the averaged (EMA) weights still contain {share * 100:0} % of the initial weights (ema {ema}, {steps:#,0} steps), so the result says little about the training.")
            : null;
    }

    // A definition contains the options of the stage under the name of the stage.
    private static JsonNode? Training(JsonNode? definition) =>
        (definition as JsonObject)?.Select(entry => StoredJson.Find(entry.Value, "training")).FirstOrDefault(training => training is not null);
}
