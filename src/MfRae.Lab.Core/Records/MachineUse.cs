using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Records;

/// <summary>The resources that a worker used since the previous reading. A value that the system does not tell is null.</summary>
/// <param name="Seconds">Seconds since the start of the attempt.</param>
/// <param name="Cores">Processor time of the worker per second: the number of busy cores.</param>
/// <param name="Memory">Resident memory of the worker in bytes.</param>
/// <param name="ReadRate">Bytes per second that the worker read from disks.</param>
/// <param name="WriteRate">Bytes per second that the worker wrote to disks.</param>
/// <param name="Gpu">Share of the time in which its GPU was busy, 0 to 1.</param>
/// <param name="GpuMemory">Allocated memory of the GPU in bytes, by all processes.</param>
/// <param name="GpuWatts">Power of the GPU.</param>
/// <param name="GpuJoules">Energy of the GPU since the start of the attempt.</param>
public sealed record MachineUse(
    double Seconds,
    double Cores,
    long Memory,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ReadRate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? WriteRate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Gpu = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? GpuMemory = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? GpuWatts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? GpuJoules = null);

/// <summary>Readings of the machine for a chart.</summary>
public static class MachineUses
{
    /// <summary>The most readings of an attempt in a record.</summary>
    public const int Most = 60;

    /// <summary>At most <see cref="Most"/> readings: means of adjacent ones, and of memory and energy the largest.</summary>
    public static IReadOnlyList<MachineUse> Thin(IReadOnlyList<MachineUse> readings) => readings.Count <= Most
        ? readings
        : [.. Enumerable.Range(0, Most).Select(part => Mean(readings, (int)((long)part * readings.Count / Most), (int)((part + 1L) * readings.Count / Most)))];

    private static MachineUse Mean(IReadOnlyList<MachineUse> readings, int first, int next)
    {
        var part = readings.Skip(first).Take(next - first).ToList();
        return new(
            part[^1].Seconds,
            part.Average(use => use.Cores),
            part.Max(use => use.Memory),
            part.Average(use => use.ReadRate),
            part.Average(use => use.WriteRate),
            part.Average(use => use.Gpu),
            part.Max(use => use.GpuMemory),
            part.Average(use => use.GpuWatts),
            part.Max(use => use.GpuJoules));
    }
}
