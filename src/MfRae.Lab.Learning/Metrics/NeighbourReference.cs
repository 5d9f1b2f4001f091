using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Reference features [M, F] with the radii of their balls, which serve many sets of samples. Pairs are visited in blocks of
/// rows, so that no matrix of all of them exists.
/// </summary>
public sealed class NeighbourReference
{
    private readonly FeatureRows _reference;
    private readonly Dictionary<int, Tensor> _squaredRadii = [];

    public NeighbourReference(Tensor features) => _reference = new FeatureRows(features, "the reference images").Kept();

    /// <param name="samples">[N, F], more rows than either number of neighbours.</param>
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
            throw new LabException($"{rows.Count} samples are too few: each needs {neighbours} others as neighbours");
        PrepareRadii(neighbours, densityNeighbours);
        return new NeighbourPass(rows, _reference, _squaredRadii[neighbours], _squaredRadii[densityNeighbours], neighbours, densityNeighbours)
            .Run();
    }

    // Both radii from one search for neighbours.
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
