using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`doctor --gpu`: the self-test of a device, as a report.</summary>
internal static class DoctorGpu
{
    public static int Execute(LabContext lab, string deviceName, bool json)
    {
        var test = DeviceSelfTest.Of(deviceName, lab.Time);
        var facts = test.GpuIndex is { } gpu ? GpuFacts.Of(gpu) : new(MachineDescription.Processor(), null, null);
        var packages = PackageList.Numerics(PackageList.OfProcess());
        var found = new List<DeviceCheck>();
        if (!json)
            lab.Terminal.Out.WriteLine($"{test.DeviceName}: {facts}; {packages}");
        foreach (var check in test.Run())
        {
            found.Add(check);
            if (!json)
                lab.Terminal.Out.WriteLine(Line(check));
        }

        // The allocator of libtorch keeps freed memory, so the memory in use afterwards is the peak.
        var used = test.GpuIndex is { } index ? GpuFacts.Of(index).MemoryUsed : null;
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(
                new { Device = test.DeviceName, facts.Name, facts.Driver, facts.Memory, PeakMemory = used, Packages = packages, Checks = found }));
        }
        else if (used is not null)
        {
            lab.Terminal.Out.WriteLine($"{"measured",-9}peak memory of the device: {used}");
        }

        return found.Any(check => check.Result == DeviceCheck.Failed) ? ExitCode.Environment : ExitCode.Ok;
    }

    private static string Line(DeviceCheck check)
    {
        var value = check switch
        {
            { Value: { } number, Limit: { } most } => string.Create(CultureInfo.InvariantCulture, $"{check.Unit} {number:G4}, at most {most:G4}"),
            { Value: { } number } => string.Create(CultureInfo.InvariantCulture, $"{number:G4} {check.Unit}"),
            _ => PrintableText.Of(check.Reason ?? "", 500),
        };
        return $"{check.Result,-9}{check.Check}: {value}";
    }
}

/// <summary>The facts about a GPU from the driver of NVIDIA. Values are null if the driver's program does not run.</summary>
/// <param name="Memory">The memory of the device, with its unit.</param>
/// <param name="MemoryUsed">The memory in use, with its unit.</param>
internal sealed record GpuFacts(string Name, string? Driver, string? Memory, string? MemoryUsed = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static GpuFacts Of(int index)
    {
        var unknown = new GpuFacts("a CUDA device (nvidia-smi does not run)", null, null);
        var start = new ProcessStartInfo("nvidia-smi", ["--query-gpu=name,driver_version,memory.total,memory.used", "--format=csv,noheader", "-i", $"{index}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var line = process.StandardOutput.ReadLineAsync().WaitAsync(Patience).GetAwaiter().GetResult();
            return line?.Split(',', StringSplitOptions.TrimEntries) is [var name, var driver, var memory, var used]
                ? new(name, driver, memory, used)
                : unknown;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or TimeoutException or IOException)
        {
            return unknown;
        }
    }

    public override string ToString() => Name + (Memory is null ? "" : $", {Memory}") + (Driver is null ? "" : $", driver {Driver}");
}
