using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The output of a feature network for a set of images.</summary>
/// <param name="Pool">Statistics of the features, or null where they were not requested.</param>
/// <param name="Features">float32 [N, F]; null where they would take too much memory.</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the maps for sFID, or null.</param>
/// <param name="Order">int64 [N]: the image of each row; null where rows are in the order of the images.</param>
internal sealed record SetFeatures(FeatureStatistics? Pool, Tensor? Features, Tensor? Logits, FeatureStatistics? Spatial, Tensor? Order = null)
{
    // 64,000 rows of Inception features fit, the million of ImageNet does not.
    private const long MostKeptBytes = 512L << 20;

    /// <summary>Whether features of this size are kept where they are not required.</summary>
    public static bool AreKept(long rows, long width) => rows * width * sizeof(float) <= MostKeptBytes;

    /// <summary>Computes the features of a set. They belong to the caller's dispose scope.</summary>
    /// <param name="keep">Whether to keep the features.</param>
    /// <param name="statistics">Whether to compute the statistics of the features.</param>
    /// <param name="spatial">Whether to compute the statistics of the maps.</param>
    /// <param name="byContent">Whether to sort rows into an order that does not depend on the order of the images.</param>
    public static SetFeatures Of(
        FeatureReader reader, ImageSet set, string what, bool keep, bool statistics, bool spatial, bool byContent = false)
    {
        using var pool = new FeatureMoments(set.Path);
        using var map = new FeatureMoments(set.Path);
        using var collector = keep ? new FeatureCollector(set.Count) : null;
        var content = new List<long>();
        void Take(FeatureBatch part)
        {
            if (byContent)
                content.AddRange(part.Content!.data<long>());
            collector?.Add(part with { Spatial = null });
            if (statistics)
                pool.Add(part.Features);
            if (spatial && part.Spatial is { } maps)
                map.Add(maps);
        }

        reader.Read(set, what, Take, byContent);
        var order = byContent ? ImageContent.Order(content) : null;
        // Otherwise another handle of the same memory, which belongs to the caller's scope.
        Tensor? Rows(Tensor? given) => order is null ? given?.alias() : given?.index_select(0, order);
        return new(
            statistics ? pool.Statistics() : null, Rows(collector?.Features), Rows(collector?.Logits),
            map.Count > 0 ? map.Statistics() : null, order);
    }
}

/// <summary>Joins the features of consecutive batches on the CPU. The joined tensors belong to no dispose scope.</summary>
/// <param name="spatial">Receives the map [B, S] of each batch, which is not kept; or null.</param>
internal sealed class FeatureCollector(long count, Action<Tensor>? spatial = null) : IDisposable
{
    private Tensor? _features;
    private Tensor? _logits;
    private long _done;

    /// <summary>float32 [N, F].</summary>
    public Tensor Features => _features ?? throw new InvalidOperationException("there is nothing to collect");

    /// <summary>float32 [N, classes], or null.</summary>
    public Tensor? Logits => _logits;

    public void Add(FeatureBatch batch)
    {
        var end = _done + batch.Features.shape[0];
        Keep(ref _features, batch.Features, end);
        if (batch.Logits is { } logits)
            Keep(ref _logits, logits, end);
        if (spatial is not null && batch.Spatial is { } map)
            spatial(map);
        _done = end;
    }

    public void Dispose()
    {
        _features?.Dispose();
        _logits?.Dispose();
    }

    private void Keep(ref Tensor? joined, Tensor part, long end)
    {
        joined ??= empty([count, part.shape[1]], dtype: float32).DetachFromDisposeScope();
        using var place = joined.slice(0, _done, end, 1);
        place.copy_(part);
    }
}
