using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows one run: its stages, what they cost and what they measured.</summary>
public sealed class ShowVerb(Terminal terminal, LabPaths places)
{
    public int Execute(string idPrefix, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var detail = new RunQueries(database).Show(idPrefix);
        if (json)
        {
            terminal.Out.Write(RunDetailJson.Write(detail));
            return ExitCode.Ok;
        }

        var run = detail.Run;
        terminal.Text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"run {run.Id}{System.Environment.NewLine}{run.Experiment}, arm {run.Arm}{(run.Baseline ? " (baseline)" : "")}, seed "
                + $"{run.Seed}: {run.Status}"));

        var stages = new TextTable("role", "stage", "status", "attempts", "time", "peak MB", "key");
        var measurements = new TextTable("role", "metric", "value", "interval", "samples", "labels");
        foreach (var (role, stage) in detail.Stages)
        {
            stages.Add(
                role,
                stage.Label,
                stage.Status,
                stage.Attempts.Count.ToString(CultureInfo.InvariantCulture),
                StageText.Duration(TimeSpan.FromSeconds(stage.Attempts.Sum(attempt => attempt.WallSeconds))),
                (stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty().Max() / (1 << 20)).ToString(
                    CultureInfo.InvariantCulture),
                stage.Key[..10]);
            foreach (var measurement in stage.Measurements)
            {
                measurements.Add(
                    role,
                    measurement.Key,
                    measurement.Value is { } value ? value.ToString("G6", CultureInfo.InvariantCulture) : "not finite",
                    measurement is { Low: { } low, High: { } high }
                        ? string.Create(CultureInfo.InvariantCulture, $"{low:G6} – {high:G6}")
                        : "",
                    measurement.Samples.ToString(CultureInfo.InvariantCulture),
                    measurement.Labels);
            }
        }

        terminal.Text.WriteLine();
        terminal.Text.Write(stages);
        terminal.Text.WriteLine();
        terminal.Text.Write(measurements);
        terminal.Text.WriteLine();
        terminal.Text.Write(OriginText.Write(detail));
        foreach (var (role, stage) in detail.Stages.Where(part => part.Stage.Reason is not null))
            terminal.Text.WriteLine($"{role}: {PrintableText.Of(stage.Reason!, 500)}");
        return ExitCode.Ok;
    }
}

/// <summary>
/// What each attempt at a run's stages took, and what it was computed with: what many have in common is said once, under a letter.
/// </summary>
public static class OriginText
{
    public static string Write(RunDetail detail)
    {
        var table = new TextTable("role", "attempt", "status", "started", "device", "threads", "time", "cpu", "device time", "peak MB", "TFLOP", "with");
        var origins = new List<string>();
        foreach (var (role, stage) in detail.Stages)
        {
            foreach (var attempt in stage.Attempts)
            {
                table.Add(
                    role,
                    attempt.Number.ToString(CultureInfo.InvariantCulture),
                    attempt.Status,
                    attempt.Started.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    attempt.Device,
                    attempt.Threads.ToString(CultureInfo.InvariantCulture),
                    Time(attempt.WallSeconds),
                    Time(attempt.CpuSeconds),
                    Time(attempt.DeviceSeconds),
                    (attempt.PeakBytes / (1 << 20)).ToString(CultureInfo.InvariantCulture),
                    attempt.Origin?.Flops is { } flops ? Quantity.Tera(flops) : "–",
                    attempt.Origin is null ? "–" : Name(origins, Describe(attempt)));
            }
        }

        var text = new StringBuilder().Append(table);
        for (var i = 0; i < origins.Count; i++)
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"with {Letter(i)}").Append(origins[i]);
        var files = detail.Stages.SelectMany(part => part.Stage.Attempts).SelectMany(attempt => attempt.Origin?.Files ?? None).Distinct();
        foreach (var (path, hash) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"{PrintableText.Of(path)}: SHA-256 {PrintableText.Of(hash)}");
        return text.ToString();
    }

    private static Dictionary<string, string> None => [];

    private static string Name(List<string> origins, string origin)
    {
        if (!origins.Contains(origin))
            origins.Add(origin);
        return Letter(origins.IndexOf(origin));
    }

    /// <summary>A to Z, then A1 …</summary>
    private static string Letter(int number) => (char)('A' + (number % 26)) + (number < 26 ? "" : (number / 26).ToString(CultureInfo.InvariantCulture));

    private static string Describe(AttemptRecord attempt)
    {
        var origin = attempt.Origin!;
        var text = new StringBuilder();
        Line("command", origin.Run?.Command ?? "");
        Line("source", origin.Run is { Commit: { } commit } run ? commit + (run.Patch is { } patch ? $" and the patch {patch}" : "") : "");
        Line("program", origin.Tool);
        Line("numerics", origin.Numerics);
        Line("runtime", origin.Runtime);
        Line("system", origin.System);
        Line("host", attempt.Host);
        Line("processor", origin.Processor);
        Line("accelerators", string.Join(", ", origin.Accelerators));
        Line("packages", origin.Packages.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{origin.Packages.Count}; --json lists them"));
        return text.ToString();

        void Line(string name, string value)
        {
            if (value.Length > 0)
                text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-12} {PrintableText.Of(value, CommandText.Longest)}");
        }
    }

    private static string Time(double seconds) => StageText.Duration(TimeSpan.FromSeconds(seconds));
}

/// <summary>One run with its stages and what they measured, for programs.</summary>
public static class RunDetailJson
{
    public static string Write(RunDetail detail) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("run", detail.Run.Id);
        json.WriteString("experiment", detail.Run.Experiment);
        json.WriteString("arm", detail.Run.Arm);
        json.WriteNumber("seed", detail.Run.Seed);
        json.WriteString("status", detail.Run.Status);
        json.Objects("stages", detail.Stages, item =>
        {
            var (role, stage) = item;
            json.WriteString("role", role);
            json.WriteString("label", stage.Label);
            json.WriteString("key", stage.Key);
            json.WriteString("status", stage.Status);
            json.WriteString("reason", stage.Reason);
            json.WriteNumber("attempts", stage.Attempts.Count);
            json.WriteNumber("wallSeconds", stage.Attempts.Sum(attempt => attempt.WallSeconds));
            json.WriteNumber("peakBytes", stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty().Max());
            json.WriteNumber("cpuSeconds", stage.Attempts.Sum(attempt => attempt.CpuSeconds));
            json.WriteNumber("deviceSeconds", stage.Attempts.Sum(attempt => attempt.DeviceSeconds));
            json.Number("flops", stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin!.Flops);
            json.Objects("provenance", stage.Attempts, attempt => OriginJson.Write(json, attempt));
            json.Objects("measurements", stage.Measurements, measurement => Measured(json, measurement));
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static void Measured(System.Text.Json.Utf8JsonWriter json, Measurement measurement)
    {
        json.WriteString("metric", measurement.Key);
        json.Number("value", measurement.Value);
        json.Number("low", measurement.Low);
        json.Number("high", measurement.High);
        json.WriteNumber("samples", measurement.Samples);
        json.WriteNumber("guidance", measurement.Guidance);
        json.WriteString("labels", measurement.Labels);
        json.WriteString("extractor", measurement.Extractor);
        json.WriteString("preprocessing", measurement.Preprocessing);
        json.WriteString("reference", measurement.Reference);
        json.WriteString("device", measurement.Device);
        json.WriteString("noise", measurement.Noise);
        json.WriteString("setting", measurement.Setting);
    }
}

/// <summary>What an attempt took and what it was computed with, for programs. What was not told is null.</summary>
internal static class OriginJson
{
    /// <summary>Writes the properties of an object that is begun.</summary>
    public static void Write(Utf8JsonWriter json, AttemptRecord attempt)
    {
        json.WriteNumber("attempt", attempt.Number);
        json.WriteString("status", attempt.Status);
        json.WriteString("started", attempt.Started.ToUniversalTime().ToString("o", CultureInfo.InvariantCulture));
        json.WriteString("host", attempt.Host);
        json.WriteString("device", attempt.Device);
        json.WriteNumber("threads", attempt.Threads);
        json.WriteNumber("wallSeconds", attempt.WallSeconds);
        json.WriteNumber("cpuSeconds", attempt.CpuSeconds);
        json.WriteNumber("deviceSeconds", attempt.DeviceSeconds);
        json.WriteNumber("peakBytes", attempt.PeakBytes);
        json.WriteString("error", attempt.Error);
        if (attempt.Origin is not { } origin)
        {
            json.WriteNull("origin");
            return;
        }

        json.WriteStartObject("origin");
        json.WriteString("command", origin.Run?.Command);
        json.WriteString("sourceCommit", origin.Run?.Commit);
        json.WriteString("sourcePatch", origin.Run?.Patch);
        json.WriteString("tool", origin.Tool);
        json.WriteString("system", origin.System);
        json.WriteString("runtime", origin.Runtime);
        json.WriteString("numerics", origin.Numerics);
        json.WriteString("processor", origin.Processor);
        json.Strings("accelerators", origin.Accelerators);
        json.WriteNumber("devices", origin.Devices);
        json.Number("flops", origin.Flops);
        Pairs("files", origin.Files);
        Pairs("packages", origin.Packages);
        json.WriteEndObject();

        void Pairs(string name, IReadOnlyDictionary<string, string> pairs)
        {
            json.WriteStartObject(name);
            foreach (var (key, value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
        }
    }
}
