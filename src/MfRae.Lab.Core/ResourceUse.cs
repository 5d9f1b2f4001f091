using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Core;

/// <summary>The resources that this process has used.</summary>
public static class ResourceUse
{
    // The kernel counts the time of processes in hundredths of a second on every processor that .NET supports.
    private const double TicksPerSecond = 100;

    /// <summary>Processor time of all threads, and on Linux of all child processes that have ended.</summary>
    public static double CpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds + ChildSeconds();
    }

    private static double ChildSeconds()
    {
        try
        {
            // After the name of the program in parentheses, the fields 14 and 15 are the times of the children in user and kernel mode.
            var stat = OperatingSystem.IsLinux() ? File.ReadAllText("/proc/self/stat") : "";
            return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 14 } fields
                ? (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / TicksPerSecond
                : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
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
