using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Core.Execution;

/// <summary>What this process has used so far.</summary>
internal static class ResourceUse
{
    public static double CpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>
    /// Peak resident memory. On Linux the kernel's high-water mark, since .NET reports the present size as the peak there.
    /// </summary>
    public static long PeakBytes()
    {
        const string HighWater = "VmHWM:";
        if (OperatingSystem.IsLinux()
            && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(HighWater, StringComparison.Ordinal)) is { } line)
        {
            return 1024 * long.Parse(line[HighWater.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
