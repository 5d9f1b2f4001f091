using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Improved precision and recall (arXiv 1904.06991): the share of samples inside the union of balls around reference features, and the
/// other way round. A ball reaches to the k-th nearest neighbour of its centre, border included.
/// </summary>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    // Squared distances of a block of rows to all others: 64 MB of float64.
    private const long BlockElements = 8_000_000;

    /// <summary>Harmonic mean of both.</summary>
    public double FScore => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    /// <summary>samples [N, F] against reference [M, F], with N, M > k; in float64, so that no decision hangs on rounding.</summary>
    public static PrecisionRecall Of(Tensor samples, Tensor reference, int neighbours = 3)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (fake, real) = (samples.to(float64), reference.to(float64));
        return new(Inside(fake, real, SquaredRadii(real, neighbours)), Inside(real, fake, SquaredRadii(fake, neighbours)));
    }

    /// <summary>Squared distance of each row of float64 features [N, F] to its k-th nearest other row, [N].</summary>
    public static Tensor SquaredRadii(Tensor features, int neighbours = 3) => InBlocks(features, features, distances =>
    {
        // The smallest distance is that of a row to itself.
        var (nearest, _) = distances.topk(neighbours + 1, 1, largest: false);
        return nearest.select(1, neighbours);
    });

    private static double Inside(Tensor points, Tensor centres, Tensor squaredRadii) =>
        InBlocks(points, centres, distances => distances.le(squaredRadii).any(1)).to(float64).mean().item<double>();

    private static Tensor InBlocks(Tensor rows, Tensor others, Func<Tensor, Tensor> reduce)
    {
        var block = Math.Max(1, BlockElements / others.shape[0]);
        var norms = others.square().sum(1);
        var parts = new List<Tensor>();
        for (long start = 0; start < rows.shape[0]; start += block)
        {
            using var scope = NewDisposeScope();
            var some = rows.slice(0, start, Math.Min(rows.shape[0], start + block), 1);
            var distances = addmm(norms, some, others.t(), beta: 1, alpha: -2).add_(some.square().sum(1).unsqueeze(1)).clamp_(min: 0);
            parts.Add(reduce(distances).MoveToOuterDisposeScope());
        }
        return cat(parts, 0);
    }
}
