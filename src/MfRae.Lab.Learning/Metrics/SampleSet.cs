using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Two orders of the rows of a set of images.</summary>
/// <param name="ByContent">int64 [N]: rows by a hash of their image, see <see cref="Data.ImageContent"/>.</param>
/// <param name="AsGiven">int64 [N]: rows in the order in which the images were drawn or lie in their files.</param>
public sealed record RowOrders(Tensor ByContent, Tensor AsGiven)
{
    /// <summary>Of rows that are in the given order.</summary>
    public static RowOrders OfGiven(Tensor byContent) => new(byContent, arange(byContent.shape[0], dtype: int64));

    /// <summary>Of the same rows once they are in the order of their content.</summary>
    public static RowOrders OfSorted(Tensor byContent) => new(arange(byContent.shape[0], dtype: int64), byContent.argsort());
}

/// <summary>What metrics see of one set of images. What is null is missing: a metric that needs it says so.</summary>
/// <param name="Features">float32 [N, F].</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the spatial features, or null.</param>
/// <param name="Labels">int64 [N], the classes the images were drawn for, or null.</param>
/// <param name="Latents">Normalised latents of the first samples [K, C, H, W], or null.</param>
/// <param name="TeacherLatents">End points of the teacher's ODE from the same noise [K, C, H, W], or null.</param>
/// <param name="References">The first is the primary one, whose values have the plain names.</param>
/// <param name="Orders">Null where rows are in the given order and no metric asks for the other one.</param>
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

    public long Count => Features.shape[0];

    /// <summary>Rows of this set [N, …] in the order in which the images were drawn or lie in their files.</summary>
    public Tensor AsGiven(Tensor rows) => Orders is null ? rows : rows.index_select(0, Orders.AsGiven);

    /// <summary>
    /// The pass over all pairs with a reference's kept rows. It is the dearest part of an evaluation, and several metrics read it.
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
