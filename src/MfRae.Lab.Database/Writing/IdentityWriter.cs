using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Database.Writing;

/// <summary>
/// Adds device, noise and setting to measurements from journals without these fields. They follow from the definitions of the stages that
/// led to the value and from the devices of their attempts.
/// </summary>
internal sealed class IdentityWriter
{
    private readonly Writer _writer;
    private readonly Lineage _lineage;

    public IdentityWriter(Writer writer)
    {
        _writer = writer;
        _lineage = new(Find);
    }

    /// <summary>Completes all measurements of the database and determines again which of them are valid.</summary>
    public void CompleteAll()
    {
        foreach (var stage in _writer.Query<string>("SELECT DISTINCT stage FROM measurement WHERE device IS NULL").ToList())
        {
            Complete(stage);
            new Supersession(_writer, stage).Measurements();
        }
    }

    /// <summary>Completes the measurements of a stage.</summary>
    public void Complete(string key)
    {
        var rows = _writer.Query<Row>(
            "SELECT attempt, seq, metric, samples, steps, device, noise, setting FROM measurement WHERE stage = @key AND device IS NULL",
            new { key }).ToList();
        if (rows.Count == 0 || _lineage.Find(key) is not { } stage)
        {
            return;
        }

        _writer.Execute(
            "UPDATE measurement SET device = @Device, noise = @Noise, setting = @Setting WHERE attempt = @Attempt AND seq = @Seq",
            rows.Select(row =>
            {
                var whole = _lineage.Complete(row.Measurement(), stage);
                return new { whole.Device, whole.Noise, whole.Setting, row.Attempt, row.Seq };
            }).ToList());
    }

    private StageFacts? Find(string key)
    {
        var stage = _writer.Query<StageRow>("SELECT kind, definition, seed FROM stage WHERE key = @key", new { key }).SingleOrDefault();
        if (stage is null)
        {
            return null;
        }

        var inputs = _writer.Query<(string Name, string Input)>("SELECT name, input FROM stage_input WHERE stage = @key", new { key })
            .ToDictionary(input => input.Name, input => input.Input);
        var attempts = _writer.Query<AttemptRow>(
            "SELECT device, files FROM attempt WHERE stage = @key AND superseded = 0 ORDER BY generation, number", new { key }).ToList();
        return StageFacts.Of(
            key, stage.Kind, stage.Definition, stage.Seed, inputs, Files(attempts.LastOrDefault(attempt => attempt.Files is not null)?.Files),
            [.. attempts.Select(attempt => attempt.Device)]);
    }

    private static Dictionary<string, string>? Files(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, LabJson.Default.DictionaryStringString);
        }
        catch (JsonException)
        {
            // The database may have been written by another program.
            return null;
        }
    }

    private sealed record StageRow(string Kind, string Definition, long? Seed);

    private sealed record AttemptRow(string Device, string? Files);

    private sealed record Row(long Attempt, long Seq, string Metric, long Samples, long Steps, string? Device, string? Noise, string? Setting)
    {
        public Measurement Measurement() => new(
            Metric, null, null, null, Samples, (int)Steps, 1, "", "", "", "", null, Device, Noise, Setting);
    }
}
