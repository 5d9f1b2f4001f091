using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>The memory of a device.</summary>
public static partial class DeviceMemory
{
    private const string Available = "MemAvailable:";
    private const long Kilobyte = 1024;

    /// <summary>The bytes that this process can still allocate; null if they are unknown.</summary>
    public static long? Free(Device device) => device.type == DeviceType.CUDA ? FreeOfGpu() : FreeOfHost();

    // A limit of the container is below the memory of the machine.
    private static long? FreeOfHost()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet;
        try
        {
            return OperatingSystem.IsLinux()
                && File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith(Available, StringComparison.Ordinal)) is { } line
                && long.TryParse(line[Available.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var free)
                    ? Math.Min(free * Kilobyte, limit)
                    : limit;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return limit;
        }
    }

    // The driver tells of the device of the current context, which libtorch has made for this thread.
    private static long? FreeOfGpu()
    {
        try
        {
            var code = OperatingSystem.IsWindows() ? Windows(out var free, out _) : Linux(out free, out _);
            return code == 0 ? (long)free : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int Linux(out nuint free, out nuint total);

    [LibraryImport("nvcuda", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int Windows(out nuint free, out nuint total);
}
