using MfRae.Lab.Learning.Metrics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a network says of a whole set of images.</summary>
/// <param name="Pool">Statistics of the features, or null where nobody asked for them.</param>
/// <param name="Features">float32 [N, F]; null where they are too many to be kept.</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the maps that sFID sees, or null.</param>
internal sealed record SetFeatures(FeatureStatistics? Pool, Tensor? Features, Tensor? Logits, FeatureStatistics? Spatial)
{
    // 64,000 rows of Inception are kept, ImageNet's million is not.
    private const long MostKeptBytes = 512L << 20;

    /// <summary>Whether so many rows of features are kept where they need not be.</summary>
    public static bool AreKept(long rows, long width) => rows * width * sizeof(float) <= MostKeptBytes;

    /// <summary>All of it belongs to the caller's dispose scope.</summary>
    /// <param name="keep">Whether features themselves are kept.</param>
    /// <param name="statistics">Whether their statistics are asked for.</param>
    /// <param name="spatial">Whether the statistics of the maps are asked for.</param>
    public static SetFeatures Of(FeatureReader reader, ImageSet set, string what, bool keep, bool statistics, bool spatial)
    {
        using var pool = new FeatureMoments(set.Path);
        using var map = new FeatureMoments(set.Path);
        using var collector = keep ? new FeatureCollector(set.Count) : null;
        reader.Read(set, what, part =>
        {
            collector?.Add(part with { Spatial = null });
            if (statistics)
                pool.Add(part.Features);
            if (spatial && part.Spatial is { } maps)
                map.Add(maps);
        });
        // Another handle of the same memory, which belongs to the caller's scope.
        return new(
            statistics ? pool.Statistics() : null, collector?.Features.alias(), collector?.Logits?.alias(),
            map.Count > 0 ? map.Statistics() : null);
    }
}
