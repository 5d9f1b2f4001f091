using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Output;

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
