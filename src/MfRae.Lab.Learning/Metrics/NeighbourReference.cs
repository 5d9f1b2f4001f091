using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Reference features [M, F] with the radii of their balls, for any number of sets of samples. Pairs are visited in blocks of rows, so
/// that no matrix of all pairs exists.
/// </summary>
public sealed class NeighbourReference
{
    private readonly FeatureRows _reference;
    private readonly Dictionary<int, Tensor> _squaredRadii = [];

    /// <summary>The reference of the features [M, F].</summary>
    public NeighbourReference(Tensor features) => _reference = new FeatureRows(features, "the reference images").Kept();

    /// <summary>Computes the scores of samples.</summary>
    /// <param name="samples">[N, F], with more rows than either number of neighbours.</param>
    /// <param name="neighbours">k of precision and recall.</param>
    /// <param name="densityNeighbours">k of density and coverage.</param>
    public NeighbourScores Scores(Tensor samples, int neighbours, int densityNeighbours)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = new FeatureRows(samples, "the samples");
        if (rows.Dimensions != _reference.Dimensions)
        {
            throw new LabException(
                $"features of {rows.Dimensions} dimensions cannot be compared with reference features of {_reference.Dimensions}");
        }
        if (rows.Count <= neighbours)
            throw new LabException($"{rows.Count} samples are too few: each needs {neighbours} neighbours");
        PrepareRadii(neighbours, densityNeighbours);
        return new NeighbourPass(rows, _reference, _squaredRadii[neighbours], _squaredRadii[densityNeighbours], neighbours, densityNeighbours)
            .Run();
    }

    // One search for neighbours gives both radii.
    private void PrepareRadii(params int[] neighbours)
    {
        var missing = neighbours.Where(k => !_squaredRadii.ContainsKey(k)).Distinct().ToList();
        if (missing.Count == 0)
            return;
        using var scope = NewDisposeScope();
        var found = NearestRows.Of(_reference, _reference, missing.Max()).Squared;
        foreach (var k in missing)
            _squaredRadii[k] = found.select(1, k - 1).clone().DetachFromDisposeScope();
    }
}

/// <summary>
/// The results of one pass over all pairs of samples and reference features (docs/method.md §9). Arrays have one number for each
/// sample; the mean of an influence over resampled rows is the change of the value.
/// </summary>
/// <param name="Precision">1 inside any ball around a reference feature, else 0.</param>
/// <param name="Density">The number of such balls around the sample, divided by k.</param>
/// <param name="Recall">Share of reference features inside any ball around a sample.</param>
/// <param name="RecallInfluences">N/M times the number of reference features that only this sample's ball contains.</param>
/// <param name="Coverage">Share of reference features whose ball contains any sample.</param>
/// <param name="CoverageInfluences">N/M times the number of balls that contain only this sample.</param>
/// <param name="KernelInfluences">Influences on the unbiased kernel distance of all rows, with mean zero.</param>
public sealed record NeighbourScores(
    double[] Precision,
    double[] Density,
    double Recall,
    double[] RecallInfluences,
    double Coverage,
    double[] CoverageInfluences,
    double[] KernelInfluences);

/// <summary>The two passes over blocks of samples: against the samples themselves, and against the reference.</summary>
/// <param name="radii">Squared radii of the reference for precision, [M].</param>
/// <param name="densityRadii">Squared radii of the reference for density and coverage, [M].</param>
internal sealed class NeighbourPass(
    FeatureRows samples, FeatureRows reference, Tensor radii, Tensor densityRadii, int neighbours, int densityNeighbours)
{
    private readonly Tensor _precision = zeros(samples.Count, dtype: float64);
    private readonly Tensor _density = zeros(samples.Count, dtype: float64);
    private readonly Tensor _kernel = zeros(samples.Count, dtype: float64);
    private readonly ColumnHits _recall = new(reference.Count, samples.Count);
    private readonly ColumnHits _coverage = new(reference.Count, samples.Count);

    public NeighbourScores Run()
    {
        var ownRadii = Own();
        ProductBlocks.Each(samples, reference, (start, end, products) =>
        {
            _kernel.slice(0, start, end, 1).sub_(KernelSums(products) / reference.Count);
            var distances = SquaredDistances.FromProducts(products, samples, start, end, reference);
            var hits = new BallHits(samples, start, end, reference, distances);
            var inside = hits.Inside(radii);
            _precision.slice(0, start, end, 1).copy_(inside.any(1));
            if (densityNeighbours != neighbours)
                inside = hits.Inside(densityRadii);
            _density.slice(0, start, end, 1).copy_(_coverage.Add(inside, start));
            _recall.Add(hits.Inside(ownRadii.slice(0, start, end, 1).unsqueeze(1)), start);
        });
        // The unbiased estimate is linear in the kernel means of each sample, up to constants that centring removes.
        var kernel = _kernel.mul_(2);
        return new(
            Numbers(_precision), Numbers(_density.div_(densityNeighbours)), _recall.Share, _recall.Influences(), _coverage.Share,
            _coverage.Influences(), Numbers(kernel - kernel.mean()));
    }

    // The squared radii of the samples, and their kernel means with each other.
    private Tensor Own()
    {
        var squaredRadii = empty(samples.Count, dtype: float64);
        ProductBlocks.Each(samples, samples, (start, end, products) =>
        {
            products.diagonal(offset: start).fill_(-samples.Dimensions);
            _kernel.slice(0, start, end, 1).add_(KernelSums(products) / Math.Max(1, samples.Count - 1));
            var distances = SquaredDistances.FromProducts(products, samples, start, end, samples);
            distances.diagonal(offset: start).fill_(double.PositiveInfinity);
            squaredRadii.slice(0, start, end, 1).copy_(
                NearestRows.OfDistances(distances, samples, start, end, samples, neighbours).Squared.select(1, neighbours - 1));
        });
        return squaredRadii;
    }

    // Means of (x·y / F + 1)³ over columns, [rows]. Their differences are far above the rounding of float32.
    private Tensor KernelSums(Tensor products) =>
        (products / samples.Dimensions).add_(1).pow_(3).mv(ones(products.shape[1], dtype: float32)).to(float64);

    private static double[] Numbers(Tensor values) => values.data<double>().ToArray();
}

/// <summary>
/// Decides which points of a block lie in which balls, border included. float32 decides pairs that its rounding cannot change; exact
/// distances decide the few pairs near a border. Where these are many, float64 decides most of them first.
/// </summary>
/// <param name="rows">The points are the rows from start to end; the columns are the opposite set.</param>
/// <param name="single">Squared distances in float32 [rows, M].</param>
internal sealed class BallHits(FeatureRows rows, long start, long end, FeatureRows others, Tensor single)
{
    // Above this share of undecided pairs, products in float64 are cheaper than differences.
    private const long Undecided = 256;

    private readonly double _error = SquaredDistances.Error(rows, start, end, others, float32);
    private Tensor? _wide;

    /// <summary>The mask of squared distances that are at most the squared radii, bool [rows, M].</summary>
    /// <param name="squaredRadii">float64 [M] around the columns, or [rows, 1] around the rows.</param>
    public Tensor Inside(Tensor squaredRadii)
    {
        var (inside, undecided) = Decide(single, squaredRadii, _error);
        if (undecided.shape[0] > single.numel() / Undecided)
        {
            _wide ??= SquaredDistances.Wide(rows, arange(start, end, dtype: int64), others);
            (inside, undecided) = Decide(_wide, squaredRadii, SquaredDistances.Error(rows, start, end, others, float64));
        }
        if (undecided.shape[0] == 0)
            return inside;
        var (row, column) = (undecided.select(1, 0), undecided.select(1, 1));
        var exact = SquaredDistances.Pairs(rows, row + start, others, column);
        var radii = squaredRadii.dim() == 1 ? squaredRadii.index_select(0, column) : squaredRadii.flatten().index_select(0, row);
        return inside.index_put_(exact.le(radii), row, column);
    }

    // The pairs that are certainly inside, and the pairs [P, 2] that may be.
    private static (Tensor Inside, Tensor Undecided) Decide(Tensor distances, Tensor squaredRadii, double error)
    {
        var inside = distances.le((squaredRadii - error).to(distances.dtype));
        var possible = distances.le((squaredRadii + error).to(distances.dtype));
        return (inside, possible.logical_xor_(inside).nonzero());
    }
}

/// <summary>The number of rows that hit each column, and the row for columns with a single hit.</summary>
internal sealed class ColumnHits(long columns, long rows)
{
    private readonly Tensor _counts = zeros(columns, dtype: float64);
    private readonly Tensor _rowSums = zeros(columns, dtype: float64);

    /// <summary>Share of columns with any hit.</summary>
    public double Share => _counts.gt(0).to(float64).mean().item<double>();

    /// <summary>Adds a block of rows, bool [block, columns], and returns the hits of each row, [block].</summary>
    public Tensor Add(Tensor hits, long start)
    {
        // Products with ones and row numbers are several times as fast as sums of bools. float32 represents whole numbers up to 2^24, and
        // sums of row numbers are used only where they have one term.
        var single = hits.to(float32);
        var numbers = arange(0, hits.shape[0], dtype: float32);
        var sums = stack([ones_like(numbers), numbers], 0).mm(single).to(float64);
        _counts.add_(sums[0]);
        _rowSums.add_(sums[1] + (sums[0] * start));
        return single.mv(ones(hits.shape[1], dtype: float32));
    }

    /// <summary>
    /// The loss of the share without a row, times the number of rows: only columns that no other row hits count.
    /// </summary>
    public double[] Influences()
    {
        using var scope = NewDisposeScope();
        var alone = _counts.eq(1).nonzero().flatten();
        var owners = _rowSums.index_select(0, alone).to(int64);
        var influences = zeros(rows, dtype: float64);
        influences.index_add_(0, owners, ones(owners.shape[0], dtype: float64), 1);
        return (influences * ((double)rows / columns)).data<double>().ToArray();
    }
}

/// <summary>
/// Improved precision and recall (arXiv 1904.06991): the share of samples inside the union of balls around reference features, and the
/// share of reference features inside the union of balls around samples. A ball reaches to the k-th nearest neighbour of its centre,
/// border included.
/// </summary>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>The harmonic mean of both.</summary>
    public double FScore => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    /// <summary>samples [N, F] against reference [M, F], with N, M > k. Rounding changes no decision.</summary>
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
