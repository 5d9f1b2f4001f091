using System.Text.Json.Nodes;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>Trainings whose averaged weights are for a notable part those that they started from: their results say little of the training.</summary>
internal static class InitialShares
{
    /// <summary>A sentence for each such stage, in the order of the stages.</summary>
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
                $"{stage.Label}: {share * 100:0} % of the averaged weights are those that training started from (ema {ema}, {steps:#,0} steps).")
            : null;
    }

    // The options of a stage stand in its definition under the stage's own name.
    private static JsonNode? Training(JsonNode? definition) =>
        (definition as JsonObject)?.Select(entry => StoredJson.Find(entry.Value, "training")).FirstOrDefault(training => training is not null);
}
