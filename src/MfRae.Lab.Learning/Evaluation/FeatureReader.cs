using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Computes the features of images, or reads them from the cache.</summary>
/// <param name="name">The name of the network, for messages.</param>
/// <param name="batch">Images in a batch; 0: the batch size that suits the network. It changes values by rounding only.</param>
internal sealed class FeatureReader(
    IFeatureNetwork network, string name, FeatureCache? cache, long batch, IEvaluationProgress progress, CancellationToken stop)
{
    private const int BatchesAhead = 3;
    private const int BatchesPerCollection = 4;

    public FeatureIdentity Identity(ImageSet set) => new(network.Identity, network.Preprocessing(set.For(network.Channels).Shape));

    /// <summary>
    /// Visits the features of all images in order, part by part. A part is disposed when <paramref name="take"/> returns.
    /// </summary>
    /// <param name="what">The images in words, for messages.</param>
    /// <param name="content">Whether each part must contain the hashes of its images.</param>
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

            // Small native objects, which only finalizers free, lie between the large blocks and make the heap grow.
            if (done % BatchesPerCollection == 0)
                GC.Collect(0);
        }

        var joined = new FeatureBatch(cat(features), Join(logits), Join(spatial), Join(content));
        return TensorsAreFinite(joined)
            ? joined
            : throw new LabException($"the network {name} returns features that are not finite: check its weights");
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

    // Images of the next part are announced too, but no batch crosses the end of a part.
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
        new[] { batch.Features, batch.Logits, batch.Spatial }.OfType<Tensor>().All(Finite.IsFinite);
}

/// <summary>
/// Features of image sets in parts of <see cref="PartSize"/> images: ROOT/KEY/NNNNNN.safetensors. The key is a hash of the images, the
/// network and the preprocessing; the batch size is not included. A part is written to a temporary file, renamed, and contains the hash of
/// its values, so that a part with the right hash is complete and an evaluation that was killed continues after it.
/// </summary>
internal sealed class FeatureCache(string root, IEvaluationProgress progress)
{
    public const int PartSize = 500;

    private const string HashEntry = "sha256";
    private const string Features = "features";
    private const string Logits = "logits";
    private const string Spatial = "spatial";
    private const string Content = "content";

    public static string Key(ImageSet images, FeatureIdentity identity) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"features 1\n{PartSize}\n{images.Hash}\n{identity.Extractor}\n{identity.Preprocessing}"))));

    /// <summary>A stored part; null where it must be computed. A damaged part is renamed.</summary>
    public FeatureBatch? Find(string key, int part, long count)
    {
        var path = PathOf(key, part);
        if (!File.Exists(path))
            return null;
        try
        {
            return Read(path, count);
        }
        catch (LabException damaged)
        {
            var aside = $"{path}.{Guid.NewGuid():N}.bad";
            File.Move(path, aside);
            progress.Say($"{damaged.Message}. The file is renamed to {aside} and computed again");
            return null;
        }
    }

    public void Store(string key, int part, FeatureBatch batch)
    {
        var path = PathOf(key, part);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var tensors = Tensors(batch);
        var aside = $"{path}.{System.Environment.ProcessId}";
        Safetensors.Write(aside, tensors, new Dictionary<string, string> { [HashEntry] = Hash(tensors) });
        // Another process that computes this part gets the same values.
        File.Move(aside, path, overwrite: true);
    }

    private static FeatureBatch Read(string path, long count)
    {
        var file = Safetensors.Read(path);
        Tensor? Rows(string name) => !file.Tensors.TryGetValue(name, out var tensor) ? null
            : tensor.Shape.Count == 2 && tensor.Shape[0] == count && tensor.Type == ScalarType.Float32 ? tensor.Read()
            : throw new LabException($"{path} holds '{name}' of another shape than {count} rows");
        // Parts of older versions have no hashes of images.
        var content = !file.Tensors.TryGetValue(Content, out var hashes) ? null
            : hashes.Shape.Count == 1 && hashes.Shape[0] == count && hashes.Type == ScalarType.Int64 ? hashes.Read()
            : throw new LabException($"{path} holds '{Content}' of another shape than {count} numbers");
        var batch = new FeatureBatch(
            Rows(Features) ?? throw new LabException($"{path} holds no features"), Rows(Logits), Rows(Spatial), content);
        return Hash(Tensors(batch)) == file.Meta(HashEntry)
            ? batch
            : throw new LabException($"{path} is damaged: its values are not those that were written");
    }

    private static List<(string Name, Tensor Value)> Tensors(FeatureBatch batch)
    {
        var tensors = new List<(string, Tensor)> { (Features, batch.Features) };
        if (batch.Logits is { } logits)
            tensors.Add((Logits, logits));
        if (batch.Spatial is { } spatial)
            tensors.Add((Spatial, spatial));
        if (batch.Content is { } content)
            tensors.Add((Content, content));
        return tensors;
    }

    private static string Hash(List<(string Name, Tensor Value)> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in tensors)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.dtype == int64
                ? MemoryMarshal.AsBytes(value.contiguous().data<long>().ToArray().AsSpan())
                : MemoryMarshal.AsBytes(value.contiguous().data<float>().ToArray().AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string PathOf(string key, int part) =>
        Path.Combine(root, key, part.ToString("D6", CultureInfo.InvariantCulture) + ".safetensors");
}
