using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Micro-batches and recomputation of activations against the whole batch with all activations: equality, memory and time of a step of MFD
/// with the forward-mode derivative.
/// </summary>
internal static class MicroBatchCost
{
    private const string EqualitySize = "default";
    private const string CostSize = "large";
    private const int EqualSteps = 10;
    private const int StepsPerTurn = 4;
    private const int PeakSteps = 3;
    private const int NoReport = 1000;
    private const double MiB = 1024 * 1024;

    private static readonly Variant Mfd = Variant.AtShare(0.25).Single(variant => variant.Name == "jvp");

    private static readonly StepMemory[] Ways =
    [
        StepMemory.Whole, new(null, true), new(16, false), new(16, true), new(4, false), new(4, true), new(1, false), new(1, true),
    ];

    public static void Run(int rounds, int threads)
    {
        Console.WriteLine($"{Machine.Description}; {threads} threads; {Mfd.Title}; medians over {rounds} × {StepsPerTurn - 2} steps in turns.");
        var peaks = Ways.ToDictionary(way => way, way => PeakInChild(way, threads));
        using var equality = new Workload(EqualitySize);
        using var cost = new Workload(CostSize);
        var samples = Ways.ToDictionary(way => way, _ => new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var way in Ways)
            {
                var turn = Measure(cost, way);
                // The first round warms up.
                if (round > 0)
                    samples[way].AddRange(turn);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"Memory and time: {cost.Description}. Equality with the first row: {equality.Description}.");
        Console.WriteLine();
        Console.WriteLine($"| samples at once | activations | peak MB | time | loss, float32 | gradient, float32 | weights after {EqualSteps} steps, float64 |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        using var scope = NewDisposeScope();
        var (loss, gradient) = equality.Gradient(Mfd, StepMemory.Whole);
        var weights = equality.Trained(Mfd, StepMemory.Whole, EqualSteps);
        foreach (var way in Ways)
        {
            var (partLoss, partGradient) = equality.Gradient(Mfd, way);
            var row = FormattableString.Invariant($"| {way.Samples ?? Workload.Batch} | {(way.Recompute ? "recomputed" : "kept")} | {peaks[way]} ")
                + FormattableString.Invariant($"| {Measured.Median(samples[way]) / Measured.Median(samples[StepMemory.Whole]):F2} | {Math.Abs(partLoss - loss) / loss:E1} ")
                + FormattableString.Invariant($"| {Distance(partGradient, gradient):E1} | {Distance(equality.Trained(Mfd, way, EqualSteps), weights):E1} |");
            Console.WriteLine(row);
        }
    }

    /// <summary>The largest resident set of this process over some steps of `samples:recompute`, in MiB; 0 samples: the whole batch.</summary>
    public static string Peak(string of)
    {
        var parts = of.Split(':');
        var samples = long.Parse(parts[0], CultureInfo.InvariantCulture);
        using var workload = new Workload(CostSize);
        workload.Train(Mfd, PeakSteps, _ => { }, memory: new(samples == 0 ? null : samples, bool.Parse(parts[1])));
        return FormattableString.Invariant($"{Process.GetCurrentProcess().PeakWorkingSet64 / MiB:F0}");
    }

    private static List<double> Measure(Workload workload, StepMemory way)
    {
        var times = new List<long>();
        workload.Train(Mfd, StepsPerTurn, _ => times.Add(Stopwatch.GetTimestamp()), logEvery: NoReport, memory: way);
        // The first step of a turn allocates memory, and the last one makes a report, with a second pass.
        return [.. times.Skip(1).Zip(times.Skip(2), (begin, end) => Stopwatch.GetElapsedTime(begin, end).TotalMilliseconds).SkipLast(1)];
    }

    private static string PeakInChild(StepMemory way, int threads) => Measured.InChild(
        ["micro-batch", FormattableString.Invariant($"peak={way.Samples ?? 0}:{way.Recompute}"), "threads=" + threads]);

    private static double Distance(Tensor one, Tensor other) => ((one - other).norm() / other.norm()).to(float64).item<double>();
}
