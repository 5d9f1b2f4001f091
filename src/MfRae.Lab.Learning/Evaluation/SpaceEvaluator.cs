using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Evaluates samples in the features of one network.</summary>
internal sealed class SpaceEvaluator(
    EvaluationRequest request, FeatureChoice choice, IFeatureNetwork network, FeatureReader reader, IEvaluationProgress progress,
    CancellationToken stop)
{
    private const string Reference = "reference";
    private const int ShownSamples = 16;
    private const int ShownNeighbours = 3;

    /// <param name="save">Where statistics of the samples go to, or null.</param>
    /// <exception cref="IncomparableException">The reference's statistics come from another network or preprocessing.</exception>
    /// <exception cref="RequestException">A metric that was asked for by name cannot be computed.</exception>
    /// <exception cref="LabException">An image or a file is damaged.</exception>
    public EvaluatedSpace Run(ImageSet samples, EvaluationInput reference, ImageSet? train, StatisticsTarget? save)
    {
        using var scope = NewDisposeScope();
        var identity = reader.Identity(samples);
        CheckComparable(identity, samples, reference, train);
        var said = First(samples);
        CheckWidth(reference, said);
        var plan = MetricPlan.Of(request.Metrics, Inputs(said, samples, reference, train));
        var names = plan.Chosen.Select(metric => metric.Name).ToList();
        var spatial = names.Contains("sfid");

        var compared = Compared(reference, names, said.Features.shape[1]);
        var sampled = SetFeatures.Of(
            reader, samples, "samples", keep: true, statistics: save is not null, spatial || (save is not null && said.Spatial is not null));
        var references = new List<ReferenceSet> { compared };
        if (train is not null)
            references.Add(Of(SetFeatures.Of(reader, train, "training images", keep: true, statistics: true, spatial), EvaluationPath.Train, train));

        var labels = samples.Classes is null ? null : samples.Images.Labels;
        var set = new SampleSet(sampled.Features!, sampled.Logits, sampled.Spatial, labels, null, null, references);
        var (values, skipped) = Measure(plan, set);
        var near = train is null ? [] : Neighbours(set.Features, references[1].Features!, samples, train);
        var ladder = request.Ladder ? Ladder(reference, compared.Statistics) : null;
        save?.Write(sampled, identity, samples);
        return new(choice.Name, identity, said.Features.shape[1], Described(reference), values, skipped, near, ladder);
    }

    private (List<EvaluatedMetric> Values, List<SkippedMetric> Skipped) Measure(MetricPlan plan, SampleSet set)
    {
        var (values, skipped) = (new List<EvaluatedMetric>(), plan.Skipped.ToList());
        for (var i = 0; i < plan.Chosen.Count; i++)
        {
            stop.ThrowIfCancellationRequested();
            var (name, options, definition) = plan.Chosen[i];
            progress.Step($"{choice.Name} metrics: {name}", i, plan.Chosen.Count);
            try
            {
                values.AddRange(Metric.Compute(options, set, request.Draws).Select(value => new EvaluatedMetric(
                    value.Name, value.Value, value.Low, value.High, value.Samples, value.HigherIsBetter, definition, value.Reference)));
            }
            catch (LabException refused) when (request.Metrics.Count == 0)
            {
                // Nobody asked for it by name, so that the others need not be lost.
                skipped.Add(new(name, refused.Message));
            }
        }

        return (values, skipped);
    }

    private CorruptionLadder Ladder(EvaluationInput reference, FeatureStatistics statistics)
    {
        var images = reference.Images ?? throw new RequestException("--ladder corrupts the reference's images, and it has statistics alone");
        return new LadderClimber(network, choice.Name, request.Seed, request.Batch, progress, stop).Climb(images, statistics);
    }

    // The first samples, for a look at them.
    private static List<EvaluatedNeighbours> Neighbours(Tensor features, Tensor training, ImageSet samples, ImageSet train)
    {
        using var scope = NewDisposeScope();
        var count = (int)Math.Min(ShownSamples, features.shape[0]);
        var nearest = (int)Math.Min(ShownNeighbours, training.shape[0]);
        var found = NearestRows.Of(features.slice(0, 0, count, 1), training, nearest);
        return [.. Enumerable.Range(0, count).Select(i => new EvaluatedNeighbours(samples.Name(i), [.. Enumerable.Range(0, nearest).Select(k =>
            new NearImage(train.Name(found.Indices[i, k].item<long>()), Math.Sqrt(found.Squared[i, k].item<double>())))]))];
    }

    // Statistics that are given are of a whole dataset, of which images beside them are a part.
    private ReferenceSet Compared(EvaluationInput reference, List<string> metrics, long width)
    {
        var needsRows = metrics.Exists(KnownMetric.NeedsRows);
        if (reference.Statistics is not { } stored)
        {
            var images = reference.Images!;
            return Of(SetFeatures.Of(reader, images, "reference", needsRows && SetFeatures.AreKept(images.Count, width), statistics: true,
                metrics.Contains("sfid")), Reference, images);
        }

        var rows = reference.Images is { } some && needsRows
            ? SetFeatures.Of(reader, some, "reference", keep: true, statistics: false, spatial: false).Features
            : stored.Features;
        return new(Reference, stored.Pool ?? FeatureStatistics.Of(stored.Features!), stored.Hash, stored.Spatial, rows,
            reference.Images is { Classes: not null } labelled ? labelled.Images.Labels : null);
    }

    private static ReferenceSet Of(SetFeatures features, string split, ImageSet set) => new(
        split, features.Pool!, set.Hash, features.Spatial, features.Features, set.Classes is null ? null : set.Images.Labels);

    // What the network says of the first image shows what it can say of all.
    private FeatureBatch First(ImageSet samples)
    {
        using var quiet = no_grad();
        return network.Extract(samples.For(network.Channels).Bytes(arange(1, dtype: int64)));
    }

    private MetricInputs Inputs(FeatureBatch said, ImageSet samples, EvaluationInput reference, ImageSet? train)
    {
        var (stored, width) = (reference.Statistics, said.Features.shape[1]);
        var rows = reference.Images?.Count ?? stored?.Features?.shape[0] ?? 0;
        return new(
            samples.Count,
            width,
            said.Logits is not null,
            network is SmallInceptionFeatures,
            samples.Classes is not null,
            ClassMatch.Problem(samples, reference.Images),
            said.Spatial is not null,
            stored is null ? said.Spatial is not null : stored.Spatial is not null,
            SetFeatures.AreKept(rows, width) ? rows : 0,
            train is null ? "there are no training images (--train)"
                : train.Hash == reference.Images?.Hash ? "the reference is the training images themselves" : null,
            request.InceptionScoreForm,
            request.InceptionScoreSplits);
    }

    private void CheckComparable(FeatureIdentity identity, ImageSet samples, EvaluationInput reference, ImageSet? train)
    {
        foreach (var (what, other) in new[] { ("the reference", reference.Images), ("the training images", train) })
        {
            if (other is not null && identity.Differences(reader.Identity(other)) is { Count: > 0 } differences)
                throw new IncomparableException($"the samples {samples.Path}", $"{what} {other.Path}", differences);
        }

        if (reference.Statistics?.Identity is { } stated && identity.Differences(stated) is { Count: > 0 } conflicts)
            throw new IncomparableException($"the samples {samples.Path}", $"the statistics {reference.Path}", conflicts);
        if (reference.Statistics is { Identity: null } bare)
            progress.Say($"{bare.Path} does not say what network and preprocessing its statistics come from: that they are those of "
                + $"{choice.Name} here is for you to know");
    }

    private void CheckWidth(EvaluationInput reference, FeatureBatch said)
    {
        if (reference.Statistics is not { } stored)
            return;
        var width = stored.Pool?.Mean.shape[0] ?? stored.Features!.shape[1];
        if (width != said.Features.shape[1])
            throw new LabException(FormattableString.Invariant($"{stored.Path} has statistics of {width} features; those of ")
                + FormattableString.Invariant($"{choice.Name} are {said.Features.shape[1]}: they come from another network"));
        if (stored.Spatial is { } map && said.Spatial is { } own && map.Mean.shape[0] != own.shape[1])
            throw new LabException(FormattableString.Invariant($"{stored.Path} has statistics of {map.Mean.shape[0]} spatial features; ")
                + FormattableString.Invariant($"those of {choice.Name} are {own.shape[1]}"));
    }

    private static EvaluatedReference Described(EvaluationInput reference) => reference.Statistics is { } stored
        ? new(reference.Path, stored.Hash, stored.Layout, stored.Count, stored.Identity is not null)
        : new(reference.Path, reference.Images!.Hash, "images", reference.Images.Count, true);
}
