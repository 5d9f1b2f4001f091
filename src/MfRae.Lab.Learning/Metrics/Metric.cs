using System.Diagnostics.CodeAnalysis;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Computes metrics from their options.</summary>
public static class Metric
{
    /// <summary>
    /// The values of a metric. FID and sFID have one value for each reference: NAME for the first reference, NAME.SPLIT for any further
    /// one.
    /// </summary>
    /// <param name="draws">Resamples behind each interval; 0: no intervals.</param>
    /// <exception cref="LabException">The set lacks an input of the metric.</exception>
    public static IEnumerable<MetricValue> Compute(MetricOptions options, SampleSet set, int draws = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(draws);
        var resamples = set.Resamples(draws);
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
    internal static MetricValue Of(string name, double value, Interval? range, long samples, string reference) =>
        new(name, value, range?.Low, range?.High, samples, UsesExtractor: true, reference);

    private static MetricValue[] Inception(InceptionScoreOptions options, SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("inceptionScore", set);
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
        return [Of(InceptionScoreOptions.NameOf(options.Form), score.Mean, Resamples.About(score.Mean, score.Drawn, least: 1), set.Count, "")];
    }

    private static MetricValue[] ClassAccuracy(SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("classAccuracy", set);
        var (logits, labels) = (needed.OfSamples(set.Logits, "class scores"), needed.OfSamples(set.Labels, "labels"));
        var right = logits.argmax(1).eq(labels).to(float64).data<double>().ToArray();
        var accuracy = right.Average();
        return [Of("accuracy", accuracy, Resamples.About(accuracy, resamples.Shifts(right), 0, 1), set.Count, "")];
    }

    private static MetricValue[] EndpointError(SampleSet set, Resamples resamples)
    {
        var needed = new MetricRequirements("endpointError", set);
        var (latents, teacher) = (needed.OfSamples(set.Latents, "latents"), needed.OfSamples(set.TeacherLatents, "end points of a teacher"));
        var count = Math.Min(latents.shape[0], teacher.shape[0]);
        var difference = latents.slice(0, 0, count, 1) - teacher.slice(0, 0, count, 1);
        var errors = difference.to(float64).square().flatten(1).mean([1]).data<double>().ToArray();
        var error = errors.Average();
        var range = Resamples.About(error, resamples.Shifts(errors), least: 0);
        return [new("endpointError", error, range?.Low, range?.High, count, UsesExtractor: false, "")];
    }
}

/// <summary>The value of a metric, without the identity of the evaluation.</summary>
/// <param name="Low">Lower end of a 95 % interval over the samples (docs/method.md §9), or null.</param>
/// <param name="High">Upper end of the interval, or null.</param>
/// <param name="Samples">The number of samples behind the value.</param>
/// <param name="UsesExtractor">Whether the feature network is part of the identity.</param>
/// <param name="Reference">Hash of the reference statistics, or the empty string.</param>
public sealed record MetricValue(string Name, double Value, double? Low, double? High, long Samples, bool UsesExtractor, string Reference);

/// <summary>The inputs of a metric, or a message that names the missing input.</summary>
/// <param name="metric">The kind of the metric.</param>
internal sealed class MetricRequirements(string metric, SampleSet set)
{
    private const string Train = "train";

    public ReferenceSet Primary => set.References.Count > 0 ? set.References[0] : throw Missing("a reference");

    /// <summary>The training images.</summary>
    public ReferenceSet Training => set.References.FirstOrDefault(reference => reference.Split == Train)
        ?? throw Missing($"a reference of the split `{Train}`");

    /// <summary>The first reference that does not consist of training images. Published statistics may be those of training images.</summary>
    public ReferenceSet Unseen => set.References.FirstOrDefault(reference => reference.Split is not (Train or ReferenceStatisticsOptions.Reference))
        ?? throw Missing($"a reference other than `{Train}`");

    public T OfSamples<T>([NotNull] T? given, string what)
        where T : class => given ?? throw Missing($"the samples' {what}");

    public T OfReference<T>([NotNull] T? given, ReferenceSet reference, string what)
        where T : class => given ?? throw Missing($"{what} of the reference `{reference.Split}`");

    /// <summary>Requires a minimum number of samples.</summary>
    public void Samples(long least)
    {
        if (set.Count < least)
            throw new LabException($"{metric} needs at least {least} samples; the set has {set.Count}");
    }

    private LabException Missing(string what) => new($"{metric} needs {what}, which is missing");
}
