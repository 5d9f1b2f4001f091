using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

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
