using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>FID of the reference images at increasing corruption. A trustworthy metric rises with every level.</summary>
/// <param name="Images">The number of corrupted images.</param>
/// <param name="Levels">The levels of each kind of corruption, from none upwards.</param>
public sealed record CorruptionSweep(long Images, IReadOnlyList<CorruptionLevel> Levels)
{
    /// <summary>Whether FID rises from level to level within each kind.</summary>
    public bool IsMonotone => Levels.GroupBy(level => level.Kind).All(kind =>
        kind.OrderBy(entry => entry.Level).Select(entry => entry.Fid).ToList() is var values
        && values.Zip(values.Skip(1)).All(pair => pair.First < pair.Second));
}

/// <param name="Kind">noise or blur.</param>
/// <param name="Level">Standard deviation: of noise in grey values, of blur in pixels; 0 is the image itself.</param>
public sealed record CorruptionLevel(string Kind, double Level, double Fid);

/// <summary>Corrupts reference images step by step, and measures FID at each level.</summary>
internal sealed class CorruptionEvaluator(
    IFeatureNetwork network, string name, long seed, int batch, IEvaluationProgress progress, CancellationToken stop)
{
    private const long MostImages = 5000;

    private static readonly double[] NoiseLevels = [10, 20, 40, 80];
    private static readonly double[] BlurLevels = [0.5, 1, 2, 4];

    /// <exception cref="LabException">An image cannot be decoded.</exception>
    public CorruptionSweep Run(ImageSet reference, FeatureStatistics statistics)
    {
        var count = Math.Min(MostImages, reference.Count);
        (string Kind, double Level)[] steps =
            [.. NoiseLevels.Select(level => ("noise", level)), .. BlurLevels.Select(level => ("blur", level))];
        using var scope = NewDisposeScope();
        var whole = FrechetReference.Of(statistics);
        var clean = Measure(reference, count, whole, bytes => bytes, 0, steps.Length);
        var levels = new List<CorruptionLevel> { new("noise", 0, clean), new("blur", 0, clean) };
        for (var i = 0; i < steps.Length; i++)
        {
            var (kind, level) = steps[i];
            var step = 0L;
            levels.Add(new(kind, level, Measure(reference, count, whole,
                bytes => kind == "noise" ? Noise(bytes, level, step++) : Blur(bytes, level), i + 1, steps.Length)));
        }

        return new(count, [.. levels.OrderByDescending(entry => entry.Kind, StringComparer.Ordinal).ThenBy(entry => entry.Level)]);
    }

    private double Measure(ImageSet reference, long count, FrechetReference whole, Func<Tensor, Tensor> corrupt, int done, int total)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var images = reference.For(network.Channels);
        var rows = images.EvenRows(count);
        using var moments = new FeatureMoments("the corrupted images");
        // The batch size is the same for all devices and machines, because the noise is drawn batch by batch.
        const long size = 50;
        for (long start = 0; start < count; start += size)
        {
            stop.ThrowIfCancellationRequested();
            using (NewDisposeScope())
            {
                var bytes = corrupt(images.Bytes(rows.slice(0, start, Math.Min(count, start + size), 1)));
                foreach (var part in bytes.split(Math.Min(size, batch > 0 ? batch : network.Batch)))
                    moments.Add(network.Extract(part).Features);
            }
            GC.Collect(0);
            progress.Step($"{name} ladder", (done * count) + start, (total + 1) * count);
        }

        return whole.Distance(moments.Statistics());
    }

    // The same noise at every level, so that levels differ only in its size.
    private Tensor Noise(Tensor bytes, double level, long step) => ToBytes(
        bytes.to(float32) + (new RandomSource(seed, CPU).Normal("ladder noise", step, bytes.shape) * level));

    private static Tensor Blur(Tensor bytes, double level) => ToBytes(Resampling.Apply(
        bytes.to(float32), Resampling.Gaussian(bytes.shape[2], level), Resampling.Gaussian(bytes.shape[3], level)));

    private static Tensor ToBytes(Tensor values) => values.round_().clamp_(0, 255).to(uint8);
}
