using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Output;

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
