using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a network says of a whole set of images.</summary>
/// <param name="Pool">Statistics of the features, or null where nobody asked for them.</param>
/// <param name="Features">float32 [N, F]; null where they are too many to be kept.</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the maps that sFID sees, or null.</param>
/// <param name="Order">int64 [N]: which image of the set each row is of; null where rows are in the order of the images.</param>
internal sealed record SetFeatures(FeatureStatistics? Pool, Tensor? Features, Tensor? Logits, FeatureStatistics? Spatial, Tensor? Order = null)
{
    // 64,000 rows of Inception are kept, ImageNet's million is not.
    private const long MostKeptBytes = 512L << 20;

    /// <summary>Whether so many rows of features are kept where they need not be.</summary>
    public static bool AreKept(long rows, long width) => rows * width * sizeof(float) <= MostKeptBytes;

    /// <summary>All of it belongs to the caller's dispose scope.</summary>
    /// <param name="keep">Whether features themselves are kept.</param>
    /// <param name="statistics">Whether their statistics are asked for.</param>
    /// <param name="spatial">Whether the statistics of the maps are asked for.</param>
    /// <param name="byContent">Whether rows are put into an order that does not depend on the order of the images.</param>
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
        // Else another handle of the same memory, which belongs to the caller's scope.
        Tensor? Rows(Tensor? given) => order is null ? given?.alias() : given?.index_select(0, order);
        return new(
            statistics ? pool.Statistics() : null, Rows(collector?.Features), Rows(collector?.Logits),
            map.Count > 0 ? map.Statistics() : null, order);
    }
}

/// <summary>Joins what a network says of batches that come in order, on the CPU. What it joins belongs to no dispose scope.</summary>
/// <param name="spatial">Takes each batch's map [B, S], of which nothing is kept; null where nobody asks for it.</param>
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
