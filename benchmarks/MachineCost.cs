using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Benchmarks;

/// <summary>The processor time of a reading of the machine, and its share of the time between two readings.</summary>
internal static class MachineCost
{
    private const int Readings = 2000;

    public static void Run()
    {
        using var folder = new TemporaryFolder();
        using var journal = new StageJournal(folder.Path, 1, TimeProvider.System);
        var meter = new MachineMeter("cpu", TimeProvider.System);
        Read(meter, journal, 200);
        var begin = Stopwatch.GetTimestamp();
        var processor = Environment.CpuUsage.TotalTime;
        Read(meter, journal, Readings);
        var wall = Stopwatch.GetElapsedTime(begin).TotalMilliseconds / Readings;
        var used = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / Readings;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A reading of processor, memory and disks takes {wall:F3} ms, and {used:F3} ms of processor time with its line in the journal: {used / 50:F4} % of one core, once in 5 s."));
    }

    private static void Read(MachineMeter meter, IJournal journal, int count)
    {
        for (var i = 0; i < count; i++)
        {
            journal.Write(new MachineEvent(meter.Read()));
        }

        journal.Flush();
    }
}
