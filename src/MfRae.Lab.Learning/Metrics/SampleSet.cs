using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Two orders of the rows of a set of images.</summary>
/// <param name="ByContent">int64 [N]: rows sorted by the hash of their image, see <see cref="Data.ImageContent"/>.</param>
/// <param name="AsGiven">int64 [N]: rows in the order in which the images were drawn or stored.</param>
public sealed record RowOrders(Tensor ByContent, Tensor AsGiven)
{
    /// <summary>The orders of rows that are in the given order.</summary>
    public static RowOrders OfGiven(Tensor byContent) => new(byContent, arange(byContent.shape[0], dtype: int64));

    /// <summary>The orders of the same rows after sorting by content.</summary>
    public static RowOrders OfSorted(Tensor byContent) => new(arange(byContent.shape[0], dtype: int64), byContent.argsort());
}

/// <summary>The inputs of the metrics for one set of images. A metric reports an input that is null as missing.</summary>
/// <param name="Features">float32 [N, F].</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the spatial features, or null.</param>
/// <param name="Labels">int64 [N], the classes the images were drawn for, or null.</param>
/// <param name="Latents">Normalised latents of the first samples [K, C, H, W], or null.</param>
/// <param name="TeacherLatents">End points of the teacher's ODE from the same noise [K, C, H, W], or null.</param>
/// <param name="References">The references. Values of the first one have the plain names.</param>
/// <param name="Orders">Null where rows are in the given order and no metric needs the order by content.</param>
public sealed record SampleSet(
    Tensor Features,
    Tensor? Logits,
    FeatureStatistics? Spatial,
    Tensor? Labels,
    Tensor? Latents,
    Tensor? TeacherLatents,
    IReadOnlyList<ReferenceSet> References,
    RowOrders? Orders = null)
{
    private readonly List<(NeighbourReference Reference, int Neighbours, int DensityNeighbours, NeighbourScores Scores)> _scores = [];

    private Resamples? _resamples;

    /// <summary>The number of samples.</summary>
    public long Count => Features.shape[0];

    /// <summary>Rows of this set [N, …] in the order in which the images were drawn or stored.</summary>
    public Tensor AsGiven(Tensor rows) => Orders is null ? rows : rows.index_select(0, Orders.AsGiven);

    /// <summary>The resamples of the set, which all metrics share.</summary>
    internal Resamples Resamples(int draws) => _resamples?.Draws == draws ? _resamples : _resamples = new(draws);

    /// <summary>
    /// The pass over all pairs with the kept rows of a reference. It is the most expensive part of an evaluation; several metrics share it.
    /// </summary>
    internal NeighbourScores NeighbourScores(NeighbourReference reference, int neighbours, int densityNeighbours)
    {
        foreach (var known in _scores)
        {
            if (ReferenceEquals(known.Reference, reference) && known.Neighbours == neighbours && known.DensityNeighbours == densityNeighbours)
                return known.Scores;
        }
        var scores = reference.Scores(Features, neighbours, densityNeighbours);
        _scores.Add((reference, neighbours, densityNeighbours, scores));
        return scores;
    }
}

/// <summary>A set of images that samples are compared with. Its matrix factors are kept for the next set of samples.</summary>
/// <param name="Split">test, train, or the name of the set.</param>
/// <param name="Hash">SHA-256 of the statistics file.</param>
/// <param name="Spatial">Statistics of spatial features for sFID, or null.</param>
/// <param name="Features">float32 [M, F], kept rows for the metrics that need more than statistics; or null.</param>
/// <param name="Labels">int64 [M], the classes of those rows; or null.</param>
public sealed record ReferenceSet(
    string Split,
    FeatureStatistics Statistics,
    string Hash,
    FeatureStatistics? Spatial = null,
    Tensor? Features = null,
    Tensor? Labels = null)
{
    // Each factor is stored with its source, because `with` copies fields.
    private (FeatureStatistics Of, FrechetReference Made)? _frechet;
    private (FeatureStatistics Of, FrechetReference Made)? _spatial;
    private (Tensor Of, NeighbourReference Made)? _neighbours;
    private (Tensor Of, NearestDistances Made)? _nearest;
    private (Tensor Of, Tensor Made)? _distances;

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

    /// <summary>The search among the kept rows, or null.</summary>
    public NearestDistances? Nearest
    {
        get
        {
            if (Features is null)
                return null;
            if (_nearest is not { } known || !ReferenceEquals(known.Of, Features))
                _nearest = known = (Features, new NearestDistances(Features));
            return known.Made;
        }
    }

    /// <summary>The distances of the kept rows of another reference to the nearest kept row of this reference, float64 [N].</summary>
    public Tensor NearestOf(ReferenceSet other)
    {
        if (_distances is not { } known || !ReferenceEquals(known.Of, other.Features))
            _distances = known = (other.Features!, Nearest!.Of(other.Features!, "the test images").DetachFromDisposeScope());
        return known.Made;
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

/// <summary>
/// Detects samples that are sorted by class where the Inception score takes parts in the order of the samples: parts with few classes
/// have a low score.
/// </summary>
internal static class SortedSamples
{
    // Sorted means: fewer changes of class between neighbouring samples than this share of the number in a random order.
    private const double Few = 0.5;

    /// <summary>The warning about the value of these options, or null.</summary>
    public static string? Warning(MetricOptions options, SampleSet set)
    {
        if (options is not InceptionScoreOptions score || score.Form == InceptionScoreOptions.ContentOrder || score.Parts(set.Count) < 2)
            return null;
        using var scope = NewDisposeScope();
        if ((set.Labels ?? set.Logits?.argmax(1)) is not { } classes || !AreSorted(set.AsGiven(classes)))
            return null;
        var name = score.Form == InceptionScoreOptions.Consecutive ? "is, form consecutive" : InceptionScoreOptions.NameOf(score.Form);
        const string advice = "The form contentOrder gives one score for every order.";
        return score.Form == InceptionScoreOptions.TorchFidelity
            ? $"{name}: the samples are sorted by class. This form takes parts by a fixed permutation of the order of the samples, so "
            + $"another order gives another score. {advice}"
            : string.Create(CultureInfo.InvariantCulture, $"{name}: the samples are sorted by class, so each of the {score.Parts(set.Count)} parts ")
                + $"contains only some of the classes and the score is too low. Shuffle the samples. {advice}";
    }

    /// <summary>Whether samples with these classes int64 [N] are in blocks of one class.</summary>
    public static bool AreSorted(Tensor classes)
    {
        using var scope = NewDisposeScope();
        var count = classes.shape[0];
        var (_, _, counts) = classes.unique(sorted: true, return_inverse: false, return_counts: true);
        var shares = counts!.to(float64) / count;
        var random = (count - 1) * (1 - shares.square().sum().item<double>());
        return classes.slice(0, 1, count, 1).ne(classes.slice(0, 0, count - 1, 1)).sum().item<long>() < Few * random;
    }
}
