using System.Text.Json;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The cost of the training that made a weights file, from its card, so that reports can add it to the cost of an arm.</summary>
internal static class PretrainingCost
{
    /// <summary>Reports the known costs. A file without a card, or with the card of another file, has none.</summary>
    /// <param name="weights">The path of the weights file.</param>
    public static void Report(StageContext context, string weights)
    {
        foreach (var (metric, value) in Read(weights))
            context.Measured(Measurement.OfDataset(metric, value, 0));
    }

    private static List<(string Metric, double Value)> Read(string weights)
    {
        var path = Path.ChangeExtension(weights, ".json");
        if (path == weights || !File.Exists(path))
            return [];
        try
        {
            using var card = JsonDocument.Parse(File.ReadAllText(path));
            return StageFacts.Property(card.RootElement, "cost") is { ValueKind: JsonValueKind.Object } cost
                && StageFacts.Text(card.RootElement, "sha256") == FileHash.Of(weights)
                    ? [.. Names.Where(name => StageFacts.Property(cost, name.Option) is { ValueKind: JsonValueKind.Number })
                        .Select(name => (name.Metric, cost.GetProperty(name.Option).GetDouble()))]
                    : [];
        }
        catch (JsonException)
        {
            // Another program's file.
            return [];
        }
    }

    private static (string Option, string Metric)[] Names =>
    [
        ("steps", MetricNames.PretrainingSteps), ("samples", MetricNames.PretrainingSamples), ("cpuSeconds", MetricNames.PretrainingCpuSeconds),
    ];
}
