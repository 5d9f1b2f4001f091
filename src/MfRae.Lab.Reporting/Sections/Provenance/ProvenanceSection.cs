using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Provenance;

internal sealed class ProvenanceSection : ISection
{
    public string Name => "Provenance";

    public string Title => "Provenance";

    public object Model(ReportData data)
    {
        var record = data.Record;
        var attempts = record.Stages.SelectMany(stage => stage.Attempts).ToArray();
        var measurements = record.Stages.SelectMany(stage => stage.Measurements).ToArray();
        return new
        {
            Facts = (ProvenanceFact[])
            [
                new("Plan hash", record.PlanHash),
                new("Feature extractors", Lines(measurements.Select(measurement => measurement.Extractor))),
                new("Reference sets", Lines(measurements.Select(measurement => measurement.Reference))),
                new("Hosts", Lines(attempts.Select(attempt => attempt.Host)), Timing: true),
                new(
                    "Devices",
                    Lines(attempts.Select(attempt => $"{attempt.Device}, {Numbers.Plural(attempt.Threads, "thread")}")),
                    Timing: true),
                .. Parts(attempts),
                new("Time", Span(attempts), Timing: true),
                .. Origins(attempts),
            ],
            Stages = record.Stages.Select(stage => new { stage.Label, Text = Definition(stage) }),
            Runs = record.Runs.Select(run => new { run.Id, Arm = Arm(record, run.Arm), run.Seed, Status = Badge.OfStatus(run.Status) }),
            Sql = data.Sql.Attempts,
        };
    }

    /// <summary>The name of an arm, followed by its name for queries if it has a title.</summary>
    private static string Arm(ExperimentRecord record, string arm) =>
        record.Arms.FirstOrDefault(one => one.Name == arm)?.Title is { } name ? $"{arm} ({name})" : arm;

    /// <summary>
    /// How trainings divided their batches among processes, and exchanged time for memory. Empty if every batch was evaluated whole, with all activations.
    /// </summary>
    private static IEnumerable<ProvenanceFact> Parts(AttemptRecord[] attempts)
    {
        string[] parts =
        [
            .. attempts.Select(attempt => string.Join(", ", (string[])
            [
                .. attempt.Origin is { Devices: > 1 and var ranks } ? [$"{ranks} ranks"] : (string[])[],
                .. attempt.MicroBatch is { } samples ? [$"micro-batches of {Numbers.Plural(samples, "sample")}"] : (string[])[],
                .. attempt.Recompute ? ["recomputed activations"] : (string[])[],
            ])).Where(text => text.Length > 0),
        ];
        return parts.Length == 0 ? [] : [new("Training steps", Lines(parts), Timing: true)];
    }

    /// <summary>Programs, machines and sources. Empty if no attempt recorded them, so that pages of older data stay the same.</summary>
    private static IEnumerable<ProvenanceFact> Origins(AttemptRecord[] attempts)
    {
        var origins = attempts.Select(attempt => attempt.Origin).OfType<AttemptOrigin>().ToArray();
        if (origins.Length == 0)
        {
            return [];
        }

        return
        [
            new("Programs", Lines(origins.Select(origin => $"{origin.Tool}, {origin.Numerics}, {origin.Runtime}")), Timing: true),
            new("Machines", Lines(origins.Select(origin => string.Join(", ", [origin.Processor, .. origin.Accelerators, origin.System]))),
                Timing: true),
            new("Source commits", Lines(origins.Select(origin => origin.Run).OfType<RunOrigin>().Select(run =>
                run.Commit + (run.Patch is { } patch ? $" with the patch {patch}" : ""))), Timing: true),
            new("Commands", Lines(origins.Select(origin => origin.Run?.Command ?? "")), Timing: true),
        ];
    }

    private static string Lines(IEnumerable<string> values)
    {
        var distinct = values.Where(value => value.Length > 0).Distinct().ToArray();
        return distinct.Length == 0 ? "none" : string.Join('\n', distinct);
    }

    /// <summary>The start of the first and last attempt, from recorded times.</summary>
    private static string Span(AttemptRecord[] attempts)
    {
        if (attempts.Length == 0)
        {
            return "no stage has started";
        }

        string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return $"first stage started {Text(attempts.Min(attempt => attempt.Started))}\nlast stage started "
            + $"{Text(attempts.Max(attempt => attempt.Started))}";
    }

    private static string Definition(StageRecord stage)
    {
        var inputs = string.Concat(
            stage.Inputs.OrderBy(input => input.Key, StringComparer.Ordinal).Select(input => $"input {input.Key}: {input.Value}\n"));
        var seed = stage.Seed is { } value ? $"seed: {value.ToString(CultureInfo.InvariantCulture)}\n" : "";
        return $"key: {stage.Key}\n{seed}{inputs}{StoredJson.Lines(stage.DefinitionJson)}";
    }
}

/// <summary>One property of the computation.</summary>
/// <param name="Timing">Whether the fact describes how the work ran, and so differs between repetitions.</param>
internal sealed record ProvenanceFact(string Name, string Value, bool Timing = false);
