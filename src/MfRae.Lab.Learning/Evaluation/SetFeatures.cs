using MfRae.Lab.Learning.Metrics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a network says of a whole set of images.</summary>
/// <param name="Pool">Statistics of the features.</param>
/// <param name="Features">float32 [N, F]; null where they are too many to be kept.</param>
/// <param name="Logits">float32 [N, classes], or null.</param>
/// <param name="Spatial">Statistics of the maps that sFID sees, or null.</param>
internal sealed record SetFeatures(FeatureStatistics Pool, Tensor? Features, Tensor? Logits, FeatureStatistics? Spatial)
{
    // 64,000 rows of Inception are kept, ImageNet's million is not.
    private const long MostKeptBytes = 512L << 20;

    /// <summary>All of it belongs to the caller's dispose scope.</summary>
    /// <param name="keepAll">Whether features are kept however many they are.</param>
    /// <param name="spatial">Whether the maps are asked for.</param>
    public static SetFeatures Of(FeatureReader reader, ImageSet set, string what, bool keepAll, bool spatial)
    {
        FeatureCollector? collector = null, maps = null;
        reader.Read(set, what, part =>
        {
            collector ??= new(set.Count);
            collector.Add(part with { Spatial = null });
            if (spatial && part.Spatial is { } map)
                (maps ??= new(set.Count)).Add(new(map));
        });
        var features = collector!.Features;
        using var joined = maps;
        return new(FeatureStatistics.Of(features), features, collector.Logits, maps is null ? null : FeatureStatistics.Of(maps.Features));
    }
}
