using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`show`: shows the stages of a run, their cost, their measurements and the environment of each attempt.</summary>
internal static class ShowVerb
{
    public static Command Create(LabContext lab)
    {
        var (id, json) = (CommonOptions.Run("ID"), CommonOptions.Json());
        var command = new Verb("show", "Show the stages and measurements of a run", "3f2a --json") { id, json };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetRequiredValue(id), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string idPrefix, bool json)
    {
        using var database = lab.OpenDatabase();
        var detail = new RunQueries(database).Show(idPrefix);
        if (json)
            lab.Terminal.Out.WriteLine(RunDetailJson.Write(detail));
        else
            Write(detail, lab.Terminal.Text);
        return ExitCode.Ok;
    }

    private static void Write(RunDetail detail, TextWriter text)
    {
        var run = detail.Run;
        text.WriteLine($"run {run.Id}");
        text.WriteLine($"{run.Experiment}, arm {run.Arm}{(run.Baseline ? " (baseline)" : "")}, {(run.Pilot ? "pilot " : "")}seed {run.Seed}: {run.Status}");

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

        text.WriteLine();
        text.Write(stages);
        text.WriteLine();
        text.Write(measurements);
        text.WriteLine();
        text.Write(OriginText.Write(detail));
        foreach (var (role, stage) in detail.Stages.Where(part => part.Stage.Reason is not null))
            text.WriteLine($"{role}: {PrintableText.Of(stage.Reason!, 500)}");
    }
}

/// <summary>
/// The cost and the environment of each attempt at the stages of a run. An environment that several attempts share is printed once and
/// referenced by a letter.
/// </summary>
internal static class OriginText
{
    public static string Write(RunDetail detail)
    {
        var table = new TextTable("role", "attempt", "status", "started", "device", "threads", "time", "cpu", "device time", "peak MB", "TFLOP", "environment");
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
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"environment {Letter(i)}").Append(origins[i]);
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
        Line("ranks", origin.Devices > 1 ? origin.Devices.ToString(CultureInfo.InvariantCulture) : "");
        Line("micro-batch", attempt.MicroBatch is { } samples ? samples.ToString(CultureInfo.InvariantCulture) : "");
        Line("recompute", attempt.Recompute ? "yes" : "");
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

/// <summary>A run with its stages, attempts and measurements as JSON. Values that were not recorded are null.</summary>
internal static class RunDetailJson
{
    public static string Write(RunDetail detail) => JsonText.Of(new RunJson(
        detail.Run.Id, detail.Run.Experiment, detail.Run.Arm, detail.Run.Seed, detail.Run.Status,
        [.. detail.Stages.Select(part => Of(part.Role, part.Stage))]));

    private static Stage Of(string role, StageRecord stage) => new(
        role,
        stage.Label,
        stage.Key,
        stage.Status,
        stage.Reason,
        stage.Attempts.Count,
        stage.Attempts.Sum(attempt => attempt.WallSeconds),
        stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty().Max(),
        stage.Attempts.Sum(attempt => attempt.CpuSeconds),
        stage.Attempts.Sum(attempt => attempt.DeviceSeconds),
        stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin!.Flops,
        [.. stage.Attempts.Select(Of)],
        [.. stage.Measurements.Select(measured => new Measured(
            measured.Key, measured.Value, measured.Low, measured.High, measured.Samples, measured.Guidance, measured.Labels, measured.Extractor,
            measured.Preprocessing, measured.Reference, measured.Device, measured.Noise, measured.Setting))]);

    private static Attempt Of(AttemptRecord attempt) => new(
        attempt.Number,
        attempt.Status,
        attempt.Started.ToUniversalTime().ToString("o", CultureInfo.InvariantCulture),
        attempt.Host,
        attempt.Device,
        attempt.Threads,
        attempt.WallSeconds,
        attempt.CpuSeconds,
        attempt.DeviceSeconds,
        attempt.PeakBytes,
        attempt.MicroBatch,
        attempt.Recompute,
        attempt.Error,
        attempt.Origin is { } origin
            ? new(
                origin.Run?.Command, origin.Run?.Commit, origin.Run?.Patch, origin.Tool, origin.System, origin.Runtime, origin.Numerics,
                origin.Processor, origin.Accelerators, origin.Devices, origin.Flops, Sorted(origin.Files), Sorted(origin.Packages))
            : null);

    private static OrderedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> pairs) =>
        new(pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal));

    private sealed record RunJson(string Run, string Experiment, string Arm, long Seed, string Status, IReadOnlyList<Stage> Stages);

    private sealed record Stage(
        string Role,
        string Label,
        string Key,
        string Status,
        string? Reason,
        int Attempts,
        double WallSeconds,
        long PeakBytes,
        double CpuSeconds,
        double DeviceSeconds,
        double? Flops,
        IReadOnlyList<Attempt> Provenance,
        IReadOnlyList<Measured> Measurements);

    private sealed record Attempt(
        [property: JsonPropertyName("attempt")] int Number,
        string Status,
        string Started,
        string Host,
        string Device,
        int Threads,
        double WallSeconds,
        double CpuSeconds,
        double DeviceSeconds,
        long PeakBytes,
        int? MicroBatch,
        bool Recompute,
        string? Error,
        Origin? Origin);

    private sealed record Origin(
        string? Command,
        string? SourceCommit,
        string? SourcePatch,
        string Tool,
        string System,
        string Runtime,
        string Numerics,
        string Processor,
        IReadOnlyList<string> Accelerators,
        int Devices,
        double? Flops,
        IReadOnlyDictionary<string, string> Files,
        IReadOnlyDictionary<string, string> Packages);

    private sealed record Measured(
        string Metric,
        double? Value,
        double? Low,
        double? High,
        long Samples,
        double Guidance,
        string Labels,
        string Extractor,
        string Preprocessing,
        string Reference,
        string? Device,
        string? Noise,
        string? Setting);
}
