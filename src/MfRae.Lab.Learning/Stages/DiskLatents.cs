using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// The latents of a dataset in shards on disk (`latents.cache` disk), as the encoder gives them, with their labels: files
/// `latents.00000.safetensors` and so on, and an index that is written last. Shards that an interrupted stage has written are kept.
/// </summary>
/// <param name="Shape">[C, H, W].</param>
/// <param name="Shards">The shards in the order of the images.</param>
internal sealed record LatentShards(IReadOnlyList<long> Shape, IReadOnlyList<LatentShard> Shards)
{
    private const string IndexName = "latents.index.json";
    private const string Values = "latents";
    private const string Labels = "labels";

    private const long MostShardBytes = 1L << 30;
    private const double Gigabyte = 1e9;

    /// <summary>Whether a latents stage has written shards.</summary>
    public static bool Exist(string folder) => File.Exists(Path.Combine(folder, IndexName));

    /// <exception cref="LabException">The index is damaged.</exception>
    public static LatentShards Load(string folder)
    {
        var path = Path.Combine(folder, IndexName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), LatentShardsJson.Default.LatentShards)!;
        }
        catch (JsonException broken)
        {
            throw new LabException($"{path} is not an index of latents: {broken.Message}", broken);
        }
    }

    /// <summary>Encodes all images whose latents no shard has yet, and writes the shards and the index.</summary>
    /// <param name="batchSize">The batches are the same after an interruption, because the last bits of a latent depend on its batch.</param>
    /// <param name="freeBytes">The free bytes of the disk.</param>
    /// <exception cref="LabException">The disk is too small.</exception>
    /// <exception cref="DivergedException">A latent is NaN or infinite.</exception>
    public void Write(StageContext context, IImageSource images, long batchSize, Func<Tensor, Tensor> encode, long freeBytes)
    {
        var complete = Shards.TakeWhile(shard => IsComplete(context.Folder, shard)).Count();
        var done = Shards.Take(complete).Sum(shard => shard.Rows);
        RequireSpace(context.Folder, images.Count - done, freeBytes);

        // The first batch may begin with images of a complete shard.
        var start = done == images.Count ? done : done / batchSize * batchSize;
        Tensor? shard = null;
        context.ForBatches(images, batchSize, start, (bytes, first) =>
        {
            var latents = encode(bytes).cpu();
            var end = first + latents.shape[0];
            while (done < end)
            {
                var current = Shards[complete];
                var filled = done - Start(complete);
                var rows = Math.Min(end - done, current.Rows - filled);
                shard ??= empty([current.Rows, .. Shape], dtype: float32).DetachFromDisposeScope();
                shard.narrow(0, filled, rows).copy_(latents.narrow(0, done - first, rows));
                done += rows;
                if (filled + rows < current.Rows)
                    continue;
                Safetensors.Write(
                    Path.Combine(context.Folder, current.File),
                    [(Values, Finite.Require(shard, "the latents of images")), (Labels, images.Labels.narrow(0, Start(complete), current.Rows))]);
                shard.Dispose();
                shard = null;
                complete++;
            }
        });
        FileAside.Write(Path.Combine(context.Folder, IndexName), file => JsonSerializer.Serialize(file, this, LatentShardsJson.Default.LatentShards));
    }

    /// <summary>The latents of the shards, mapped, shard by shard. A tensor is freed when the next tensor is read.</summary>
    public IEnumerable<Tensor> Blocks(string folder)
    {
        foreach (var shard in Shards)
        {
            using var scope = NewDisposeScope();
            yield return TensorFile.Open(Path.Combine(folder, shard.File))[Values];
        }
    }

    /// <summary>The mapped latents of every shard, and all labels. The caller owns the tensors.</summary>
    public (IReadOnlyList<Tensor> Latents, Tensor Labels) Open(string folder)
    {
        using var scope = NewDisposeScope();
        var files = Shards.Select(shard => TensorFile.Open(Path.Combine(folder, shard.File))).ToList();
        return ([.. files.Select(file => file[Values].DetachFromDisposeScope())], cat([.. files.Select(file => file[Labels])]).DetachFromDisposeScope());
    }

    /// <summary>The number of classes of the labels.</summary>
    public int Classes(string folder)
    {
        var (latents, labels) = Open(folder);
        foreach (var shard in latents)
            shard.Dispose();
        using (labels)
            return (int)labels.max().item<long>() + 1;
    }

    /// <summary>The shard of a row, and the row within it.</summary>
    public (int Shard, long Row) Place(long row) => ((int)(row / Shards[0].Rows), row % Shards[0].Rows);

    /// <summary>The shards of a dataset.</summary>
    /// <param name="mostRows">The largest number of latents of a shard.</param>
    public static LatentShards Plan(LatentShape shape, long count, long mostRows = LatentStatistics.Block)
    {
        // Blocks of this size give the statistics the same bits as latents that are all in memory.
        var rows = mostRows;
        while (rows > 1 && rows * shape.Dimension * sizeof(float) > MostShardBytes)
            rows /= 2;
        var shards = (count + rows - 1) / rows;
        return new([shape.Channels, shape.Rows, shape.Columns],
        [
            .. Enumerable.Range(0, (int)shards).Select(shard => new LatentShard(
                string.Create(CultureInfo.InvariantCulture, $"latents.{shard:D5}.safetensors"), Math.Min(rows, count - (shard * rows)))),
        ]);
    }

    private void RequireSpace(string folder, long images, long free)
    {
        var needed = Shape.Aggregate(images, (product, size) => product * size) * sizeof(float);
        if (needed > free)
        {
            throw new LabException(string.Create(CultureInfo.InvariantCulture,
                $"{folder}: the latents of {images} images need {needed / Gigabyte:F1} GB, and the disk has {free / Gigabyte:F1} GB free: free ")
                + "some space, choose another disk with --store, or set `latents.cache` to none");
        }
    }

    private long Start(int shard) => shard * Shards[0].Rows;

    // A file that exists is complete. Its shape shows that it belongs to this plan.
    private bool IsComplete(string folder, LatentShard shard)
    {
        var path = Path.Combine(folder, shard.File);
        if (!File.Exists(path))
            return false;
        using var scope = NewDisposeScope();
        return TensorFile.Open(path).Tensors.GetValueOrDefault(Values)?.Shape.SequenceEqual([shard.Rows, .. Shape]) == true;
    }
}

/// <param name="File">The name of the file.</param>
/// <param name="Rows">The number of latents.</param>
internal sealed record LatentShard(string File, long Rows);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LatentShards))]
internal sealed partial class LatentShardsJson : JsonSerializerContext;

/// <summary>
/// Training latents from shards on disk. The next batches are read ahead, and a batch is normalised when it is drawn, with the same bits as
/// latents that are stored normalised.
/// </summary>
internal sealed class DiskLatents : ILatentSource
{
    private readonly LatentShards _index;
    private readonly IReadOnlyList<Tensor> _shards;
    private readonly Tensor _labels;
    private readonly LatentStatistics _statistics;
    private readonly BatchOrder _order;
    private readonly ReadAhead _queue;

    public DiskLatents(StageContext context, int batchSize)
    {
        var folder = context.Input(StageInput.Latents);
        BatchSize = batchSize;
        Random = context.Random();
        Device = context.Device();
        _index = LatentShards.Load(folder);
        Shape = new(_index.Shape[0], _index.Shape[1], _index.Shape[2]);
        (_shards, _labels) = _index.Open(folder);
        Classes = (int)_labels.max().item<long>() + 1;
        _statistics = LatentRunner.KeptStatistics(context);
        _order = new(_labels.shape[0], batchSize, Random);
        _queue = new(float32, [.. _index.Shape], context.ReadingThreads(), pinned: Device.type == DeviceType.CUDA, Read);
    }

    public int BatchSize { get; }

    public LatentShape Shape { get; }

    public int Classes { get; }

    public RandomSource Random { get; }

    public Device Device { get; }

    public (Tensor X, Tensor Labels) Draw(long step)
    {
        var indices = _order.Indices(step);
        var latents = _queue.Take(indices).Upload(Device);
        _order.Announce(step, _queue.Prefetch);
        _statistics.NormaliseInPlace(latents);
        return (latents, _labels.index_select(0, indices).Upload(Device));
    }

    public void Dispose()
    {
        _queue.Dispose();
        _order.Dispose();
        foreach (var shard in _shards)
            shard.Dispose();
        _labels.Dispose();
        _statistics.Mean.Dispose();
        _statistics.Variance.Dispose();
    }

    private void Read(long index, Span<byte> place)
    {
        var (shard, row) = _index.Place(index);
        using var latent = _shards[shard].narrow(0, row, 1);
        latent.bytes.CopyTo(place);
    }
}
