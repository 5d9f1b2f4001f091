using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Benchmarks;

/// <summary>How long a call that logs keeps the thread that trains.</summary>
internal static class LogCost
{
    private const int Events = 100_000;
    private const int Values = 8;

    public static void Run()
    {
        // The first round compiles the code.
        Measure(10_000);
        var microseconds = Measure(Events);
        Array.Sort(microseconds);
        double At(double share) => microseconds[(int)Math.Min(microseconds.Length - 1, share * microseconds.Length)];
        Console.WriteLine("| a call that logs 8 values | µs |");
        Console.WriteLine("|---|---|");
        foreach (var (name, share) in new[] { ("median", 0.5), ("99 %", 0.99), ("99.9 %", 0.999), ("slowest", 1.0) })
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {At(share):F2} |"));
        }
    }

    private static double[] Measure(int count)
    {
        using var folder = new TemporaryFolder();
        using var journal = new StageJournal(folder.Path, 1, TimeProvider.System);
        var random = new Random(0);
        var events = Enumerable.Range(1, count).Select(step => new MetricsEvent(
            step, Enumerable.Range(0, Values).ToDictionary(i => $"series{i}", _ => (double?)random.NextDouble()))).ToArray();
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            journal.Write(events[i]);
            times[i] = (Stopwatch.GetTimestamp() - begin) * 1e6 / Stopwatch.Frequency;
        }

        return times;
    }
}
