using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Ranks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The stage context in the types of this library.</summary>
internal static class StageContextExtensions
{
    private const long BatchesPerCollection = 4;
    private const int BatchesAhead = 3;

    public static Device Device(this StageContext context) => ComputeDevice.Resolve(context.Spec.Settings.Device);

    /// <summary>The number of threads that read data ahead of the computation.</summary>
    public static int ReadingThreads(this StageContext context) =>
        context.Spec.Settings is { DecodeThreads: > 0 and var threads } ? threads : Environment.ProcessorCount;

    /// <summary>
    /// Random numbers of the stage's seed and kind, on its device. Stages of different kinds share no numbers; stages of one kind and seed
    /// share all of them, so that arms are paired.
    /// </summary>
    public static RandomSource Random(this StageContext context) => new(context.Seed, context.Device(), context.Spec.Node.Kind);

    public static void Progress(this StageContext context, long done, long total, string unit)
    {
        context.Stop.ThrowIfCancellationRequested();
        context.Journal.Write(new ProgressEvent(done, total, unit));
    }

    public static void Measured(this StageContext context, Measurement measurement) =>
        context.Journal.Write(new MeasuredEvent(measurement));

    /// <summary>A share of images, measured on the dataset's own images without sampling.</summary>
    public static void MeasuredShare(this StageContext context, string metric, double value, IImageSource images) =>
        context.Measured(Measurement.OfDataset(metric, value, images.Count) with { Preprocessing = SmallInceptionFeatures.PixelValues(images.Shape) });

    /// <summary>
    /// <paramref name="map"/> over images, uint8 [B, C, H, W] on the CPU, in batches, joined on the CPU. During the work on a batch the
    /// next
    /// batches are decoded.
    /// </summary>
    /// <param name="mostAtOnce">The batch size for small images; large images have smaller batches.</param>
    public static Tensor InBatches(this StageContext context, IImageSource images, long mostAtOnce, Func<Tensor, Tensor> map)
    {
        var batch = images.Shape.Batch(mostAtOnce);
        return context.InBatches(images.Count, batch, "image", indices => map(images.Next(indices, batch)));
    }

    /// <summary>Visits images in batches, without a result.</summary>
    public static void ForBatches(this StageContext context, IImageSource images, long mostAtOnce, Action<Tensor> work)
    {
        using var none = context.InBatches(images, mostAtOnce, bytes =>
        {
            work(bytes);
            return empty([bytes.shape[0], 0]);
        });
    }

    /// <summary>Visits images in batches from an image on. The work receives a batch and the index of its first image.</summary>
    public static void ForBatches(this StageContext context, IImageSource images, long batch, long start, Action<Tensor, long> work) =>
        context.EachBatch(start, images.Count, batch, "image", (first, indices) => work(images.Next(indices, batch), first));

    /// <summary>
    /// <paramref name="map"/> over 0 … count in batches, joined on the CPU, with a dispose scope for each batch.
    /// </summary>
    public static Tensor InBatches(this StageContext context, long count, long batchSize, string unit, Func<Tensor, Tensor> map) =>
        context.InBatches(new OneProcess(), count, batchSize, unit, map);

    /// <summary>Visits first … count in batches, without gradients and with a dispose scope for each batch.</summary>
    /// <param name="first">A multiple of the batch size.</param>
    /// <param name="visit">Receives the first index of a batch, and all its indices, int64 [B].</param>
    public static void EachBatch(
        this StageContext context, long first, long count, long batchSize, string unit, Action<long, Tensor> visit)
    {
        using var quiet = no_grad();
        for (var start = first; start < count; start += batchSize)
        {
            using (var scope = NewDisposeScope())
            {
                var end = Math.Min(count, start + batchSize);
                visit(start, arange(start, end, dtype: ScalarType.Int64));
                context.Progress(end, count, unit);
            }

            // Small native objects, which only finalizers free, lie between the large blocks and make the heap grow.
            if (start / batchSize % BatchesPerCollection == 0)
                GC.Collect(0);
        }
    }

    /// <summary>The images of a batch, uint8 [B, C, H, W] on the CPU. Announces the next batches, so that they are decoded ahead of time.</summary>
    /// <param name="ranks">The number of ranks N. Each visits every N-th batch.</param>
    public static Tensor Next(this IImageSource images, Tensor indices, long batch, int ranks = 1)
    {
        var bytes = images.Bytes(indices);
        var start = indices[0].item<long>() + (batch * ranks);
        for (var ahead = 0; ahead < BatchesAhead && start < images.Count; ahead++, start += batch * ranks)
            images.Prepare(arange(start, Math.Min(images.Count, start + batch), dtype: ScalarType.Int64));
        return bytes;
    }
}
