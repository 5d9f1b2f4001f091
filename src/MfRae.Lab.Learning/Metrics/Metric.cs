using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Identity;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>The metrics by their options.</summary>
public static class Metric
{
    /// <summary>
    /// The values of a metric; FID and sFID have one for each reference, of which the first has the plain name and the others are
    /// NAME.SPLIT.
    /// </summary>
    /// <param name="draws">Resamples behind each interval; 0 for values without intervals.</param>
    /// <exception cref="LabException">The set lacks what the metric needs.</exception>
    public static IEnumerable<MetricValue> Compute(MetricOptions options, SampleSet set, int draws = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(draws);
        var resamples = new Resamples(draws);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return options switch
        {
            FidOptions => FrechetMetrics.Fid(set, resamples),
            SfidOptions => FrechetMetrics.Spatial(set),
            ClassFidOptions => FrechetMetrics.Classes(set, resamples),
            FidInfinityOptions infinity => FrechetMetrics.Infinity(set, infinity.Sizes, resamples),
            FidFloorOptions => FrechetMetrics.Floor(set, resamples),
            InceptionScoreOptions score => Inception(score, set, resamples),
            KidOptions kid => PairMetrics.Kernel(kid, set, resamples),
            PrecisionRecallOptions balls => PairMetrics.Balls(balls, set, resamples),
            MemorisationOptions => PairMetrics.Memorised(set, resamples),
            ClassAccuracyOptions => ClassAccuracy(set, resamples),
            EndpointErrorOptions => EndpointError(set, resamples),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no metric"),
        };
    }

    /// <summary>A value of the samples with the feature network in its identity.</summary>
    internal static MetricValue Of(string name, double value, Interval? range, long samples, string reference, bool? higherIsBetter) =>
        new(name, value, range?.Low, range?.High, samples, UsesExtractor: true, reference, higherIsBetter);

    private static MetricValue[] Inception(InceptionScoreOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new Needed("inceptionScore", set);
        var logits = needed.OfSamples(set.Logits, "class scores");
        needed.Samples(options.Splits);
        var rows = options.Form != InceptionScoreOptions.ContentOrder ? set.AsGiven(logits)
            : options.NeedsContentOrder() ? logits.index_select(0, needed.OfSamples(set.Orders, "order by content").ByContent) : logits;
        var score = options.Form switch
        {
            InceptionScoreOptions.Adm => InceptionScore.OfChunks(rows, InceptionScoreOptions.AdmPart, resamples),
            InceptionScoreOptions.TorchFidelity => InceptionScore.OfShuffled(rows, options.Splits, resamples),
            _ => InceptionScore.OfSplits(rows, options.Splits, resamples),
        };
        return [Of(InceptionScoreOptions.NameOf(options.Form), score.Mean, Resamples.About(score.Mean, score.Drawn, least: 1), set.Count, "", higherIsBetter: true)];
    }

    private static MetricValue[] ClassAccuracy(SampleSet set, Resamples resamples)
    {
        var needed = new Needed("classAccuracy", set);
        var (logits, labels) = (needed.OfSamples(set.Logits, "class scores"), needed.OfSamples(set.Labels, "labels"));
        var right = logits.argmax(1).eq(labels).to(float64).data<double>().ToArray();
        var accuracy = right.Average();
        return [Of("accuracy", accuracy, Resamples.About(accuracy, resamples.Shifts(right), 0, 1), set.Count, "", higherIsBetter: true)];
    }

    private static MetricValue[] EndpointError(SampleSet set, Resamples resamples)
    {
        var needed = new Needed("endpointError", set);
        var (latents, teacher) = (needed.OfSamples(set.Latents, "latents"), needed.OfSamples(set.TeacherLatents, "end points of a teacher"));
        var count = Math.Min(latents.shape[0], teacher.shape[0]);
        var difference = latents.slice(0, 0, count, 1) - teacher.slice(0, 0, count, 1);
        var errors = difference.to(float64).square().flatten(1).mean([1]).data<double>().ToArray();
        var error = errors.Average();
        var range = Resamples.About(error, resamples.Shifts(errors), least: 0);
        return [new("endpointError", error, range?.Low, range?.High, count, UsesExtractor: false, "", HigherIsBetter: false)];
    }
}
