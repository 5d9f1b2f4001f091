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
            return KiB(line[HighWater.Length..]);
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>
    /// The memory in bytes that this process can still allocate: on Linux the estimate of the kernel, elsewhere that of the last collection,
    /// and never more than the limit of a container leaves.
    /// </summary>
    public static long AvailableBytes()
    {
        const string Available = "MemAvailable:";
        var memory = GC.GetGCMemoryInfo();
        var free = memory.TotalAvailableMemoryBytes - Environment.WorkingSet;
        if (OperatingSystem.IsLinux()
            && File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith(Available, StringComparison.Ordinal)) is { } line)
        {
            return Math.Min(free, KiB(line[Available.Length..]));
        }

        return Math.Min(free, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    // A size in a file of the kernel, as "  1234 kB".
    private static long KiB(string size) => 1024 * long.Parse(size.Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
