using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>The metrics by their options.</summary>
public static class Metric
{
    /// <summary>One value, or one for each reference. The first reference gives the plain name, the others NAME.SPLIT.</summary>
    /// <param name="draws">Resamples behind each interval; 0 for values without intervals.</param>
    /// <exception cref="LabException">The set lacks what the metric needs.</exception>
    public static IEnumerable<MetricValue> Compute(MetricOptions options, SampleSet set, int draws = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(draws);
        return options switch
        {
            FidOptions => set.References.Select((reference, i) => new MetricValue(
                i == 0 ? "fid" : "fid." + reference.Split,
                FrechetDistance.Between(FeatureStatistics.Of(set.Features), reference.Statistics),
                null, null, set.Count, UsesExtractor: true, reference.Hash, HigherIsBetter: false)),
            InceptionScoreOptions score =>
                [new("is", InceptionScore.OfSplits(Needed(set.Logits, "inceptionScore", "class scores"), score.Splits).Mean, null, null,
                    set.Count, UsesExtractor: true, "", HigherIsBetter: true)],
            ClassAccuracyOptions => ClassAccuracy(set),
            EndpointErrorOptions => EndpointError(set),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no metric"),
        };
    }

    private static IEnumerable<MetricValue> ClassAccuracy(SampleSet set)
    {
        var logits = Needed(set.Logits, "classAccuracy", "class scores");
        var labels = Needed(set.Labels, "classAccuracy", "labels");
        return [new("accuracy", (logits.argmax(1) == labels).to(float64).mean().item<double>(), null, null, set.Count, UsesExtractor: true, "",
            HigherIsBetter: true)];
    }

    private static IEnumerable<MetricValue> EndpointError(SampleSet set)
    {
        var latents = Needed(set.Latents, "endpointError", "latents");
        var teacher = Needed(set.TeacherLatents, "endpointError", "end points of a teacher");
        var count = Math.Min(latents.shape[0], teacher.shape[0]);
        var difference = latents.slice(0, 0, count, 1) - teacher.slice(0, 0, count, 1);
        return [new("endpointError", difference.to(float64).square().mean().item<double>(), null, null, count, UsesExtractor: false, "",
            HigherIsBetter: false)];
    }

    private static Tensor Needed(Tensor? given, string metric, string what) =>
        given ?? throw new LabException($"{metric} needs the samples' {what}, and there are none");
}
