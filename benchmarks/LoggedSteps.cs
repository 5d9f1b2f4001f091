using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The extra time of a step that reports: every second step of one training reports to a journal on disk, so both
/// kinds see the same machine.
/// </summary>
internal static class LoggedSteps
{
    private const int Skipped = 20;

    public static void Run(int steps)
    {
        using var workload = new Workload("default");
        using var folder = new TemporaryFolder();
        using var journal = new StageJournal(folder.Path, 1, TimeProvider.System);
        var begins = new List<long>();
        var variant = Variant.AtShare(0.25).First(variant => variant.Name == "central");
        workload.Train(variant, steps, _ => begins.Add(Stopwatch.GetTimestamp()), journal, logEvery: 2);
        var times = begins.Zip(begins.Skip(1), (one, next) => Stopwatch.GetElapsedTime(one, next).TotalMilliseconds).ToList();
        // Steps are counted from 0 here: the second, the fourth, … report.
        var (without, with) = (Median(times, 0), Median(times, 1));
        // Neighbouring steps run under the same load, so their differences are more precise than the difference of the two medians.
        var differences = times.Skip(Skipped).Chunk(2).Where(pair => pair.Length == 2).Select(pair => pair[1] - pair[0]).Order().ToList();
        var more = differences[differences.Count / 2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A training step ({workload.Description}): {without:F3} ms without a report, {with:F3} ms with one. The median difference "
                + $"of {differences.Count} pairs of neighbours is {1000 * more:F0} µs: {100 * more / without:F2} %."));
    }

    private static double Median(List<double> times, int parity)
    {
        var mine = times.Where((_, i) => i >= Skipped && i % 2 == parity).Order().ToList();
        return mine[mine.Count / 2];
    }
}
