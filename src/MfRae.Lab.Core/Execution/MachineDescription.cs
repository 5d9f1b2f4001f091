using System.Globalization;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Execution;

/// <summary>What this machine computes with, in the words of its system.</summary>
public static class MachineDescription
{
    /// <summary>Model and number of logical processors, `AMD EPYC 7302 × 32`; the architecture where the system names no model.</summary>
    public static string Processor()
    {
        var model = Values("/proc/cpuinfo", "model name").FirstOrDefault()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        return string.Create(CultureInfo.InvariantCulture, $"{model} × {Environment.ProcessorCount}");
    }

    /// <summary>Models of NVIDIA's GPUs in the order of their bus, from the driver itself; empty where it tells nothing here.</summary>
    public static IReadOnlyList<string> Accelerators()
    {
        const string Driver = "/proc/driver/nvidia/gpus";
        try
        {
            return Directory.Exists(Driver)
                ? [.. Directory.EnumerateDirectories(Driver).Order(StringComparer.Ordinal)
                    .SelectMany(gpu => Values(Path.Combine(gpu, "information"), "Model"))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IReadOnlyList<string> Values(string path, string name)
    {
        try
        {
            return File.Exists(path) ? Values(File.ReadLines(path), name) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The values of `name : value` lines.</summary>
    internal static IReadOnlyList<string> Values(IEnumerable<string> lines, string name) =>
    [
        .. lines.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2 && parts[0] == name && parts[1].Length > 0)
            .Select(parts => parts[1]),
    ];
}
