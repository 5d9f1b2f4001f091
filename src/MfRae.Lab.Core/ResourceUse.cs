using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Core;

/// <summary>The resources that this process has used.</summary>
public static class ResourceUse
{
    /// <summary>Processor time of all threads.</summary>
    public static double CpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>
    /// The peak resident memory in bytes. On Linux this is the kernel's high-water mark, because .NET reports the current size there.
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
