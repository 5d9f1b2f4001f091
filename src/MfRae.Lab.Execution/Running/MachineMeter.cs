using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>Reads the resources that this process uses: processor, memory, disks, and the GPU where NVML answers.</summary>
public sealed class MachineMeter
{
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly GpuMeter? _gpu;
    private readonly byte[] _buffer = new byte[1024];
    private long _read;
    private TimeSpan _processor;
    private (long Read, long Written)? _disks;

    /// <summary>Begins to measure.</summary>
    /// <param name="device">The device of the attempt: cpu, cuda:0, ….</param>
    /// <param name="time">The clock.</param>
    public MachineMeter(string device, TimeProvider time)
    {
        _time = time;
        _begun = _read = time.GetTimestamp();
        _gpu = device.StartsWith("cuda", StringComparison.Ordinal) ? GpuMeter.Open(device) : null;
        _processor = Environment.CpuUsage.TotalTime;
        _disks = Disks();
    }

    /// <summary>The use since the previous reading, or since the meter was created.</summary>
    public MachineUse Read()
    {
        var now = _time.GetTimestamp();
        var passed = Math.Max(_time.GetElapsedTime(_read, now).TotalSeconds, 1e-3);
        var (processor, disks) = (Environment.CpuUsage.TotalTime, Disks());
        double? Rate(long? before, long? after) => after - before is { } bytes ? bytes / passed : null;
        var use = new MachineUse(
            _time.GetElapsedTime(_begun, now).TotalSeconds,
            (processor - _processor).TotalSeconds / passed,
            Environment.WorkingSet,
            Rate(_disks?.Read, disks?.Read),
            Rate(_disks?.Written, disks?.Written));
        (_read, _processor, _disks) = (now, processor, disks);
        return _gpu?.Add(use) ?? use;
    }

    // Bytes that this process read from and wrote to disks; null where the system does not count them.
    private (long Read, long Written)? Disks()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            using var file = File.OpenHandle("/proc/self/io");
            var text = _buffer.AsSpan(0, RandomAccess.Read(file, _buffer, 0));
            return Number(text, "\nread_bytes: "u8) is { } read && Number(text, "\nwrite_bytes: "u8) is { } written ? (read, written) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var at = text.IndexOf(name);
        if (at < 0)
        {
            return null;
        }

        var rest = text[(at + name.Length)..];
        var end = rest.IndexOf((byte)'\n');
        return long.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}

/// <summary>Reads a GPU by NVIDIA's management library.</summary>
internal sealed class GpuMeter
{
    private const string Library = "libnvidia-ml.so.1";
    private readonly nint _device;
    private readonly ulong? _begun;

    private GpuMeter(nint device)
    {
        _device = device;
        _begun = Energy(device, out var millijoules) == 0 ? millijoules : null;
    }

    /// <summary>The meter of a device `cuda` or `cuda:N`; null if the library does not answer.</summary>
    public static GpuMeter? Open(string device)
    {
        try
        {
            return Initialise() == 0 && Find(device, out var found) ? new(found) : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return null;
        }
    }

    /// <summary>The use with the values of the GPU.</summary>
    public MachineUse Add(MachineUse use) => use with
    {
        Gpu = Utilisation(_device, out var shares) == 0 ? shares.Gpu / 100.0 : null,
        GpuMemory = Memory(_device, out var memory) == 0 ? (long)memory.Used : null,
        GpuWatts = Power(_device, out var milliwatts) == 0 ? milliwatts / 1000.0 : null,
        GpuJoules = _begun is { } begun && Energy(_device, out var millijoules) == 0 ? (millijoules - begun) / 1000.0 : null,
    };

    // The library counts all GPUs of the machine, a device name those that the process sees.
    private static bool Find(string device, out nint found)
    {
        var number = device.Split(':') is [_, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : 0;
        var visible = (Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var name = visible.Length == 0 ? number.ToString(CultureInfo.InvariantCulture) : visible.ElementAtOrDefault(number) ?? "";
        return uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? ByIndex(place, out found) == 0
            : ByName(Encoding.ASCII.GetBytes(name + '\0'), out found) == 0;
    }

    [DllImport(Library, EntryPoint = "nvmlInit_v2")]
    private static extern int Initialise();

    [DllImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static extern int ByIndex(uint index, out nint device);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetHandleByUUID")]
    private static extern int ByName(byte[] name, out nint device);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetUtilizationRates")]
    private static extern int Utilisation(nint device, out Shares shares);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static extern int Memory(nint device, out Bytes memory);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetPowerUsage")]
    private static extern int Power(nint device, out uint milliwatts);

    [DllImport(Library, EntryPoint = "nvmlDeviceGetTotalEnergyConsumption")]
    private static extern int Energy(nint device, out ulong millijoules);

    [StructLayout(LayoutKind.Sequential)]
    private struct Shares
    {
        public uint Gpu;
        public uint Memory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Bytes
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}

/// <summary>Writes the use of the machine to a journal every few seconds, on another thread than that of the stage.</summary>
internal sealed class MachineWatch : IDisposable
{
    /// <summary>The time between two readings.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly IJournal _journal;
    private readonly Func<MachineUse> _read;
    private readonly ITimer _timer;
    private bool _ended;

    public MachineWatch(IJournal journal, Func<MachineUse> read, TimeProvider time)
    {
        (_journal, _read) = (journal, read);
        _timer = time.CreateTimer(_ => Tell(), null, Interval, Interval);
    }

    /// <summary>Ends the readings. Nothing is written afterwards.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _ended = true;
        }
    }

    private void Tell()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            try
            {
                _journal.Write(new MachineEvent(_read()));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The stage reports that its journal cannot be written.
                _ended = true;
            }
        }
    }
}
