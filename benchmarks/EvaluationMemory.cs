using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>Time of each metric on features that are at hand, and the largest resident set of the process.</summary>
/// <param name="count">The number of samples, and of reference images.</param>
/// <param name="width">Dimensions of a feature.</param>
/// <param name="train">Training images: with any, the metrics that need them and labels are measured too.</param>
internal sealed class EvaluationMemory(int count, int width, int train)
{
    private const int Classes = 10;
    private const int Scores = 1008;
    private const int Factors = 64;
    private const int Block = 500;
    private const double MiB = 1024 * 1024;

    private readonly RandomSource _random = new(0, CPU);

    public void Run()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Console.WriteLine($"{Machine.Description}; {count} samples and reference images, {width} dimensions, 1,000 draws.");
        Console.WriteLine();
        Console.WriteLine("| metric | seconds | largest resident set so far, MB | values |");
        Console.WriteLine("|---|---|---|---|");
        var labels = arange(count, dtype: int64).remainder(Classes);
        var set = new SampleSet(Features("samples", count, 1.05), LogitsOf(count), null, labels, null, null, References(labels));
        MetricOptions[] metrics =
        [
            new FidOptions(), new KidOptions(), new PrecisionRecallOptions(), new InceptionScoreOptions(), new ClassAccuracyOptions(),
            .. train == 0 ? Array.Empty<MetricOptions>()
                : [new ClassFidOptions(), new FidInfinityOptions(), new FidFloorOptions(), new MemorisationOptions()],
        ];
        Row("(features)", TimeSpan.Zero, "");
        var whole = Stopwatch.StartNew();
        foreach (var metric in metrics)
        {
            var watch = Stopwatch.StartNew();
            var values = Metric.Compute(metric, set).Take(6).ToList();
            Row(metric.GetType().Name[..^"Options".Length], watch.Elapsed, string.Join(", ", values.Select(value => string.Create(
                CultureInfo.InvariantCulture, $"{value.Name} {value.Value:G4} [{value.Low:G4}, {value.High:G4}]"))));
        }
        Row("all", whole.Elapsed, "");
    }

    private static void Row(string name, TimeSpan elapsed, string values) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {elapsed.TotalSeconds:F1} | {Process.GetCurrentProcess().PeakWorkingSet64 / MiB:F0} | {values} |"));

    private IReadOnlyList<ReferenceSet> References(Tensor labels)
    {
        var test = Features("reference", count, 1);
        var primary = new ReferenceSet("test", FeatureStatistics.Of(test), "", Features: test, Labels: labels);
        if (train == 0)
            return [primary];
        var trained = Features("train", train, 1);
        return [primary, new ReferenceSet("train", FeatureStatistics.Of(trained), "", Features: trained)];
    }

    // Non-negative like pooled activations, with most of the variance in a few directions.
    private Tensor Features(string purpose, long rows, double scale)
    {
        var mixing = _random.Normal("mixing", 0, Factors, width) / Math.Sqrt(Factors);
        var features = empty(rows, width, dtype: float32);
        for (long start = 0; start < rows; start += Block)
        {
            using var scope = NewDisposeScope();
            var end = Math.Min(rows, start + Block);
            var block = features.slice(0, start, end, 1);
            _ = block.copy_(_random.Normal(purpose + " noise", start, end - start, width)).mul_(0.3)
                .addmm_(_random.Normal(purpose, start, end - start, Factors), mixing, 1, (float)scale).add_(0.3).relu_();
        }
        return features;
    }

    private Tensor LogitsOf(long rows) => _random.Normal("logits", 0, rows, train == 0 ? Scores : Classes).mul_(3);
}
