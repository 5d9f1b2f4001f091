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
        if (KernelBytes("/proc/self/status", "VmHWM:") is { } peak)
        {
            return peak;
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
        var memory = GC.GetGCMemoryInfo();
        var unused = KernelBytes("/proc/meminfo", "MemAvailable:") ?? memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes;
        return Math.Min(memory.TotalAvailableMemoryBytes - Environment.WorkingSet, unused);
    }

    // A size in a file of the kernel, as "  1234 kB"; null on other systems.
    private static long? KernelBytes(string file, string entry)
    {
        try
        {
            return OperatingSystem.IsLinux()
                && File.ReadLines(file).FirstOrDefault(line => line.StartsWith(entry, StringComparison.Ordinal)) is { } line
                    ? 1024 * long.Parse(line[entry.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
