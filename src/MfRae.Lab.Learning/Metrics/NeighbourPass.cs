using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>The two passes over blocks of samples: against the samples themselves, and against the reference.</summary>
/// <param name="radii">Squared radii of the reference for precision, [M].</param>
/// <param name="densityRadii">Those for density and coverage, [M].</param>
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
        // The unbiased estimate is linear in each sample's kernel means, but for the constants that centring takes away.
        var kernel = _kernel.mul_(2);
        return new(
            Numbers(_precision), Numbers(_density.div_(densityNeighbours)), _recall.Share, _recall.Influences(), _coverage.Share,
            _coverage.Influences(), Numbers(kernel - kernel.mean()));
    }

    // The samples' own squared radii, and their kernel means with each other.
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

    // Of (x·y / F + 1)³ over columns, [rows]. Their differences are far above the rounding of float32.
    private Tensor KernelSums(Tensor products) =>
        (products / samples.Dimensions).add_(1).pow_(3).mv(ones(products.shape[1], dtype: float32)).to(float64);

    private static double[] Numbers(Tensor values) => values.data<double>().ToArray();
}
