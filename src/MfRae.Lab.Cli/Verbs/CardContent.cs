using System.Text.Json;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What a <see cref="WeightCard"/> says, read back.</summary>
/// <param name="Measurements">Metrics with their values, in the order of the card.</param>
public sealed record CardContent(string Sha256, long Bytes, IReadOnlyList<(string Metric, double? Value)> Measurements)
{
    /// <summary>The card in a file; null where there is no file, or its JSON is no card.</summary>
    /// <exception cref="LabException">The file is a card but not as this lab writes them, or no JSON.</exception>
    public static CardContent? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var card = json.RootElement;
            if (!card.TryGetProperty("sha256", out var hash))
                return null;
            return new(
                hash.GetString() ?? throw new FormatException("its sha256 is null"),
                card.GetProperty("bytes").GetInt64(),
                card.TryGetProperty("measurements", out var measured) ? [.. measured.EnumerateArray().Select(Measurement)] : []);
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new LabException($"the card {path} cannot be read: {bad.Message}", bad);
        }
    }

    // A value that was not finite is null.
    private static (string, double?) Measurement(JsonElement measured) => (
        measured.GetProperty("metric").GetString() ?? "",
        measured.GetProperty("value") is { ValueKind: not JsonValueKind.Null } value ? value.GetDouble() : null);
}
