using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>A set of images that samples are compared with. What is taken apart of it is kept for the next set of samples.</summary>
/// <param name="Split">test, train, or the name of the set.</param>
/// <param name="Hash">SHA-256 of the statistics file.</param>
/// <param name="Spatial">Statistics of spatial features for sFID, or null.</param>
/// <param name="Features">float32 [M, F], rows that were kept for metrics that statistics do not serve; or null.</param>
/// <param name="Labels">int64 [M], the classes of those rows; or null.</param>
public sealed record ReferenceSet(
    string Split,
    FeatureStatistics Statistics,
    string Hash,
    FeatureStatistics? Spatial = null,
    Tensor? Features = null,
    Tensor? Labels = null)
{
    // Beside what each was made of: `with` copies fields.
    private (FeatureStatistics Of, FrechetReference Made)? _frechet;
    private (FeatureStatistics Of, FrechetReference Made)? _spatial;
    private (Tensor Of, NeighbourReference Made)? _neighbours;

    /// <summary>The statistics as one side of FID.</summary>
    public FrechetReference Frechet
    {
        get
        {
            if (_frechet is not { } known || !ReferenceEquals(known.Of, Statistics))
                _frechet = known = (Statistics, FrechetReference.Of(Statistics, $"the statistics of {Split}").Kept());
            return known.Made;
        }
    }

    /// <summary>The spatial statistics as one side of sFID, or null.</summary>
    public FrechetReference? SpatialFrechet
    {
        get
        {
            if (Spatial is null)
                return null;
            if (_spatial is not { } known || !ReferenceEquals(known.Of, Spatial))
                _spatial = known = (Spatial, FrechetReference.Of(Spatial, $"the spatial statistics of {Split}").Kept());
            return known.Made;
        }
    }

    /// <summary>The kept rows with the radii of their balls, or null.</summary>
    public NeighbourReference? Neighbours
    {
        get
        {
            if (Features is null)
                return null;
            if (_neighbours is not { } known || !ReferenceEquals(known.Of, Features))
                _neighbours = known = (Features, new NeighbourReference(Features));
            return known.Made;
        }
    }
}
