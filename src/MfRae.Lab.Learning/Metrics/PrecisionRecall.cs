using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Improved precision and recall (arXiv 1904.06991): the share of samples inside the union of balls around reference features, and the
/// other way round. A ball reaches to the k-th nearest neighbour of its centre, border included.
/// </summary>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>Harmonic mean of both.</summary>
    public double FScore => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    /// <summary>samples [N, F] against reference [M, F], with N, M > k; no decision hangs on rounding.</summary>
    public static PrecisionRecall Of(Tensor samples, Tensor reference, int neighbours = 3)
    {
        using var scope = NewDisposeScope();
        var scores = new NeighbourReference(reference).Scores(samples, neighbours, neighbours);
        return new(scores.Precision.Average(), scores.Recall);
    }

    /// <summary>Squared distance of each row of features [N, F] to its k-th nearest other row, float64 [N].</summary>
    public static Tensor SquaredRadii(Tensor features, int neighbours = 3)
    {
        using var scope = NewDisposeScope();
        var rows = new FeatureRows(features, "the images");
        return NearestRows.Of(rows, rows, neighbours).Squared.select(1, neighbours - 1).clone().MoveToOuterDisposeScope();
    }
}
