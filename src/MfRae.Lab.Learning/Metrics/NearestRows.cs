using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// The nearest rows of a set for each row of another set, by ascending distance. A search in float32 proposes a few more rows than
/// requested; they are ordered by exact distances. Where rounding could hide a nearer row, the search is repeated in float64.
/// </summary>
/// <param name="Squared">float64 [N, count].</param>
/// <param name="Indices">int64 [N, count].</param>
public sealed record NearestRows(Tensor Squared, Tensor Indices)
{
    private const long Spare = 5;

    /// <summary>The nearest rows of features [N, F] among others [M, F], M ≥ count.</summary>
    /// <exception cref="LabException">Too few others, or features that are not finite.</exception>
    public static NearestRows Of(Tensor features, Tensor others, int count) =>
        Of(new FeatureRows(features, "the samples"), new FeatureRows(others, "the reference images"), count);

    /// <summary>The nearest rows of a set among others, or the nearest other rows within one set.</summary>
    /// <param name="rows">For one set, the same object as <paramref name="others"/>.</param>
    internal static NearestRows Of(FeatureRows rows, FeatureRows others, int count)
    {
        var self = ReferenceEquals(rows, others);
        if (others.Count < count + (self ? 1 : 0))
            throw new LabException($"{others.Count} images are too few: each needs {count} {(self ? "others" : "of them")} as neighbours");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        // The results are allocated at once: small results between large blocks would fragment the heap.
        var (distances, indices) = (empty(rows.Count, count, dtype: float64), empty(rows.Count, count, dtype: int64));
        ProductBlocks.Each(rows, others, (start, end, products) =>
        {
            var single = SquaredDistances.FromProducts(products, rows, start, end, others);
            if (self)
                single.diagonal(offset: start).fill_(double.PositiveInfinity);
            var found = OfDistances(single, rows, start, end, others, count);
            distances.slice(0, start, end, 1).copy_(found.Squared);
            indices.slice(0, start, end, 1).copy_(found.Indices);
        });
        return new(distances.MoveToOuterDisposeScope(), indices.MoveToOuterDisposeScope());
    }

    /// <summary>The nearest rows given distances in float32 [rows, M]; the distance of a row to itself must be infinite.</summary>
    internal static NearestRows OfDistances(Tensor single, FeatureRows rows, long start, long end, FeatureRows others, int count)
    {
        var self = ReferenceEquals(rows, others);
        var all = arange(start, end, dtype: int64);
        var (found, beyond) = Proposed(single, all, rows, others, count, self);
        var error = SquaredDistances.Error(rows, start, end, others, float32);
        var doubtful = (beyond - error).le(found.Squared.select(1, count - 1)).nonzero().flatten();
        if (doubtful.shape[0] == 0)
            return found;
        foreach (var (first, last) in Blocks.Of(doubtful.shape[0], others.Count * sizeof(double)))
        {
            using var scope = NewDisposeScope();
            var some = doubtful.slice(0, first, last, 1);
            var indices = all.index_select(0, some);
            var wide = SquaredDistances.Wide(rows, indices, others);
            if (self)
                wide.scatter_(1, indices.unsqueeze(1), full_like(indices, double.PositiveInfinity, dtype: float64).unsqueeze(1));
            var (better, _) = Proposed(wide, indices, rows, others, count, self);
            found.Squared.index_copy_(0, some, better.Squared);
            found.Indices.index_copy_(0, some, better.Indices);
        }
        return found;
    }

    // The nearest rows among the proposed ones by exact distances, and the smallest distance among the rest [rows].
    private static (NearestRows Found, Tensor Beyond) Proposed(
        Tensor proposals, Tensor indices, FeatureRows rows, FeatureRows others, int count, bool self)
    {
        var available = others.Count - (self ? 1 : 0);
        var kept = Math.Min(available, count + Spare);
        var (values, columns) = proposals.topk((int)kept, 1, largest: false);
        var firsts = indices.unsqueeze(1).expand_as(columns).reshape(-1);
        var exact = SquaredDistances.Pairs(rows, firsts, others, columns.reshape(-1)).view(columns.shape);
        var (sorted, order) = exact.sort(1, descending: false, stable: true);
        var beyond = kept == available ? full_like(values.select(1, 0), double.PositiveInfinity) : values.select(1, kept - 1);
        return (new(
            sorted.slice(1, 0, count, 1).contiguous(),
            columns.gather(1, order).slice(1, 0, count, 1).contiguous()), beyond.to(float64));
    }
}
