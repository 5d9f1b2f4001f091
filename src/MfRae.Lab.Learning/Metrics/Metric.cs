using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>The metrics by their options.</summary>
public static class Metric
{
    /// <summary>One value, or one for each reference. The first reference gives the plain name, the others NAME.SPLIT.</summary>
    public static IEnumerable<MetricValue> Compute(MetricOptions options, SampleSet set) => options switch
    {
        FidOptions => set.References.Select((reference, i) => new MetricValue(
            i == 0 ? "fid" : "fid." + reference.Split,
            FrechetDistance.Between(FeatureStatistics.Of(set.Features), reference.Statistics),
            set.Count, UsesExtractor: true, reference.Hash, HigherIsBetter: false)),
        InceptionScoreOptions score =>
            [new("is", InceptionScore.OfSplits(set.Logits, score.Splits).Mean, set.Count, UsesExtractor: true, "", HigherIsBetter: true)],
        ClassAccuracyOptions =>
            [new("accuracy", (set.Logits.argmax(1) == set.Labels).to(float64).mean().item<double>(), set.Count, UsesExtractor: true, "",
                HigherIsBetter: true)],
        EndpointErrorOptions => EndpointError(set),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no metric"),
    };

    private static IEnumerable<MetricValue> EndpointError(SampleSet set)
    {
        if (set.Latents is null || set.TeacherLatents is null)
            return [];
        var count = Math.Min(set.Latents.shape[0], set.TeacherLatents.shape[0]);
        var difference = set.Latents.slice(0, 0, count, 1) - set.TeacherLatents.slice(0, 0, count, 1);
        return [new("endpointError", difference.to(float64).square().mean().item<double>(), count, UsesExtractor: false, "",
            HigherIsBetter: false)];
    }
}
