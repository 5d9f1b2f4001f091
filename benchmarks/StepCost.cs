using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// The cost of a training step of MFD relative to one of plain flow matching: backward pass, clipping, AdamW, average and the
/// teacher's evaluation included. All variants of a size are measured in turns within one run, and medians compared, since
/// timings of different runs cannot be; the peak of the memory is measured in a separate process for each.
/// </summary>
internal static class StepCost
{
    private const int StepsPerTurn = 4;
    private const int PeakSteps = 6;
    private const double MiB = 1024 * 1024;

    private static readonly double[] Shares = [0.25, 1];

    public static void Run(string[] sizes, int rounds, int threads)
    {
        Console.WriteLine($"{Machine.Description}; {threads} threads; medians over {rounds} × {StepsPerTurn - 1} steps in turns.");
        foreach (var size in sizes)
        {
            using var workload = new Workload(size);
            Variant[] variants = [Variant.Plain, .. Shares.SelectMany(Variant.AtShare)];
            var samples = variants.ToDictionary(variant => variant, _ => new List<Sample>());
            for (var round = 0; round <= rounds; round++)
            {
                foreach (var variant in variants)
                {
                    var turn = Measure(workload, variant);
                    // The first round warms up.
                    if (round > 0)
                        samples[variant].AddRange(turn);
                }
            }
            Console.WriteLine();
            Console.WriteLine($"**{size}**: {workload.Description}");
            var peaks = variants.ToDictionary(variant => variant, variant => PeakInChild(size, variant, threads));
            foreach (var share in Shares)
                Print(share, [.. variants.Where(variant => variant == Variant.Plain || variant.EqualFraction == 1 - share)], samples, peaks);
        }
    }

    /// <summary>The largest resident set of this process over some steps of `size:variant:equalFraction`, in MiB.</summary>
    public static string Peak(string of)
    {
        var parts = of.Split(':');
        var equal = double.Parse(parts[2], CultureInfo.InvariantCulture);
        using var workload = new Workload(parts[0]);
        var variant = Variant.AtShare(1 - equal).Append(Variant.Plain).Single(variant => variant.Name == parts[1]);
        workload.Train(variant, PeakSteps, _ => { });
        return FormattableString.Invariant($"{Process.GetCurrentProcess().PeakWorkingSet64 / MiB:F0}");
    }

    private static List<Sample> Measure(Workload workload, Variant variant)
    {
        var times = new List<(long Wall, TimeSpan Processor)>();
        workload.Train(variant, StepsPerTurn, _ => times.Add((Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime)));
        // The first step of a turn allocates the memory that the later steps reuse.
        return
        [
            .. times.Skip(1).Zip(times.Skip(2), (begin, end) => new Sample(
                Stopwatch.GetElapsedTime(begin.Wall, end.Wall).TotalMilliseconds, (end.Processor - begin.Processor).TotalMilliseconds)),
        ];
    }

    private static void Print(
        double share, Variant[] variants, Dictionary<Variant, List<Sample>> samples, Dictionary<Variant, string> peaks)
    {
        double Wall(Variant variant) => Measured.Median(samples[variant].Select(sample => sample.Wall));
        double Processor(Variant variant) => Measured.Median(samples[variant].Select(sample => sample.Processor));
        Console.WriteLine();
        Console.WriteLine($"| {100 * share:F0} % of the samples with r < t | ms | cost | in processor time | faster than the last row | peak MB |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var variant in variants)
        {
            var (wall, processor) = (Wall(variant), Processor(variant));
            Console.WriteLine(FormattableString.Invariant($"| {variant.Title} | {wall:F0} | {wall / Wall(Variant.Plain):F2} ")
                + FormattableString.Invariant($"| {processor / Processor(Variant.Plain):F2} | {Wall(variants[^1]) / wall:F2}× | {peaks[variant]} |"));
        }
    }

    private static string PeakInChild(string size, Variant variant, int threads) => Measured.InChild(
        ["step-cost", FormattableString.Invariant($"peak={size}:{variant.Name}:{variant.EqualFraction}"), "threads=" + threads]);

    /// <summary>Milliseconds of one step.</summary>
    private readonly record struct Sample(double Wall, double Processor);
}
