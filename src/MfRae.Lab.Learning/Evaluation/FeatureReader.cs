using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Runs images through a feature network, or takes from the cache what is there.</summary>
/// <param name="name">Of the network, for messages.</param>
/// <param name="batch">Images at a time; 0 takes what suits the network. Where images are joined changes no more than rounding.</param>
internal sealed class FeatureReader(
    IFeatureNetwork network, string name, FeatureCache? cache, long batch, IEvaluationProgress progress, CancellationToken stop)
{
    private const int BatchesAhead = 3;
    private const int BatchesPerCollection = 4;

    public FeatureIdentity Identity(ImageSet set) => new(network.Identity, network.Preprocessing(set.For(network.Channels).Shape));

    /// <summary>
    /// What the network says of all images in their order, part after part. A part is gone when <paramref name="take"/> returns.
    /// </summary>
    /// <param name="what">The images in a word, for messages.</param>
    /// <param name="content">Whether each part must have the hashes of its images.</param>
    /// <exception cref="LabException">An image cannot be decoded, or the network cannot take the images.</exception>
    public void Read(ImageSet set, string what, Action<FeatureBatch> take, bool content = false)
    {
        var images = set.For(network.Channels);
        var key = FeatureCache.Key(set, Identity(set));
        var label = $"{name} features of {what}";
        for (var part = 0; part * (long)FeatureCache.PartSize < images.Count; part++)
        {
            using var scope = NewDisposeScope();
            long start = part * (long)FeatureCache.PartSize, end = Math.Min(images.Count, start + FeatureCache.PartSize);
            if (cache?.Find(key, part, end - start) is not { } found)
            {
                found = Compute(images, start, end, label);
                cache?.Store(key, part, found);
            }

            if (content && found.Content is null)
                found = found with { Content = Hash(images, start, end) };

            take(found);
            progress.Step(label, end, images.Count);
        }
    }

    private FeatureBatch Compute(IImageSource images, long start, long end, string label)
    {
        using var quiet = no_grad();
        var size = Size(images.Shape);
        var (features, logits, spatial, content) = (new List<Tensor>(), new List<Tensor>(), new List<Tensor>(), new List<Tensor>());
        for (var (at, done) = (start, 0); at < end; at += size, done++)
        {
            stop.ThrowIfCancellationRequested();
            progress.Step(label, at, images.Count);
            using (NewDisposeScope())
            {
                var bytes = images.Bytes(Indices(at, Math.Min(end, at + size)));
                Announce(images, at + size, end, size);
                content.Add(ImageContent.Hashes(bytes).MoveToOuterDisposeScope());
                var said = network.Extract(bytes);
                Keep(features, said.Features);
                Keep(logits, said.Logits);
                Keep(spatial, said.Spatial);
            }

            // Small native objects that only finalizers free lie between the large blocks and keep the heap growing.
            if (done % BatchesPerCollection == 0)
                GC.Collect(0);
        }

        var joined = new FeatureBatch(cat(features), Join(logits), Join(spatial), Join(content));
        return TensorsAreFinite(joined)
            ? joined
            : throw new LabException($"the network {name} gives features that are not finite: are its weights damaged?");
    }

    private Tensor Hash(IImageSource images, long start, long end)
    {
        var (size, parts) = (Size(images.Shape), new List<Tensor>());
        for (var at = start; at < end; at += size)
        {
            using var scope = NewDisposeScope();
            stop.ThrowIfCancellationRequested();
            parts.Add(ImageContent.Hashes(images.Bytes(Indices(at, Math.Min(end, at + size)))).MoveToOuterDisposeScope());
        }

        return cat(parts);
    }

    // Into the next part too, but no batch reaches over its end.
    private static void Announce(IImageSource images, long at, long end, long size)
    {
        for (var ahead = 0; ahead < BatchesAhead && at < images.Count; ahead++)
        {
            if (at >= end)
                (at, end) = (end, end + FeatureCache.PartSize);
            var next = Math.Min(Math.Min(images.Count, end), at + size);
            images.Prepare(Indices(at, next));
            at = next;
        }
    }

    private long Size(ImageShape shape) => batch > 0 ? batch : shape.Batch(network.Batch);

    private static Tensor Indices(long start, long end) => arange(start, end, dtype: int64);

    private static void Keep(List<Tensor> parts, Tensor? value)
    {
        if (value is not null)
            parts.Add(value.to(float32).cpu().MoveToOuterDisposeScope());
    }

    private static Tensor? Join(List<Tensor> parts) => parts.Count > 0 ? cat(parts) : null;

    private static bool TensorsAreFinite(FeatureBatch batch) =>
        new[] { batch.Features, batch.Logits, batch.Spatial }.OfType<Tensor>().All(Finite.Holds);
}
