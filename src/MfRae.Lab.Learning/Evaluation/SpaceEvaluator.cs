using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
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

    // A network that assigns a smaller share of the reference images to their class was trained on other classes.
    private const double LeastAccuracy = 0.5;

    private readonly string _title = FeatureNetworks.Title(choice, network);
    private readonly List<string> _warnings = [];

    /// <summary>Finds metrics that cannot be computed, before any features are computed.</summary>
    /// <exception cref="RequestException">A metric that was requested by name cannot be computed.</exception>
    public void Check(ImageSet samples, EvaluationInput reference, ImageSet? train)
    {
        using var scope = NewDisposeScope();
        MetricPlan.Of(request.Metrics, Inputs(First(samples), samples, reference, train));
    }

    /// <summary>Computes the metrics.</summary>
    /// <param name="save">The file for the statistics of the samples, or null.</param>
    /// <exception cref="IncomparableException">The reference's statistics come from another network or preprocessing.</exception>
    /// <exception cref="RequestException">A metric that was requested by name cannot be computed.</exception>
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
        CheckRank(names, said, samples, reference, train);

        var (compared, foreign) = Compared(reference, names, said.Features.shape[1]);
        if (foreign is not null)
            plan = Without("accuracy", plan, foreign);
        var sampled = SetFeatures.Of(reader, samples, "samples", keep: true, statistics: save is not null,
            spatial || (save is not null && said.Spatial is not null), byContent: true);
        var references = new List<ReferenceSet> { compared };
        var trained = train is null
            ? null
            : SetFeatures.Of(reader, train, "training images", keep: true, statistics: true, spatial, byContent: true);
        if (trained is not null)
            references.Add(Of(trained, EvaluationPath.Train, train!));

        // Rows are sorted by content, so that the draws of intervals and subsets do not depend on the order of the files.
        var labels = samples.Classes is null ? null : samples.Images.Labels.index_select(0, sampled.Order!);
        var set = new SampleSet(
            sampled.Features!, sampled.Logits, sampled.Spatial, labels, null, null, references, RowOrders.OfSorted(sampled.Order!));
        var (values, skipped) = Measure(plan, set);
        var near = trained is null ? [] : Neighbours(set, samples, trained, train!);
        var ladder = request.Ladder ? Ladder(reference, compared.Statistics) : null;
        save?.Write(sampled, identity, samples);
        return new(
            choice.Name, _title, identity, said.Features.shape[1], Described(reference), values, skipped, _warnings, near, ladder);
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
                if (SortedSamples.Warning(options, set) is { } warning)
                    Warn(warning);
                values.AddRange(Metric.Compute(options, set, request.Draws).Select(value => new EvaluatedMetric(
                    value.Name, value.Value, value.Low, value.High, value.Samples, MetricCatalogue.HigherIsBetter(value.Name), definition, value.Reference,
                    MeasurementSetting.OfOptions(value.Name, value.Samples, options))));
            }
            catch (LabException refused) when (request.Metrics.Count == 0)
            {
                // The metric was not requested by name, so its failure does not stop the evaluation.
                skipped.Add(new(name, refused.Message));
            }
        }

        return (values, skipped);
    }

    private CorruptionSweep Ladder(EvaluationInput reference, FeatureStatistics statistics)
    {
        var images = reference.Images
            ?? throw new RequestException("--ladder corrupts reference images, but the reference holds only statistics");
        return new CorruptionEvaluator(network, choice.Name, request.Seed, request.Batch, progress, stop).Run(images, statistics);
    }

    // The first samples, to be shown to the user.
    private static List<EvaluatedNeighbours> Neighbours(SampleSet set, ImageSet samples, SetFeatures trained, ImageSet train)
    {
        using var scope = NewDisposeScope();
        var count = (int)Math.Min(ShownSamples, set.Count);
        var nearest = (int)Math.Min(ShownNeighbours, train.Count);
        var found = NearestRows.Of(set.Features.index_select(0, set.Orders!.AsGiven.slice(0, 0, count, 1)), trained.Features!, nearest);
        var images = trained.Order!.index_select(0, found.Indices.flatten()).view(count, nearest);
        return [.. Enumerable.Range(0, count).Select(i => new EvaluatedNeighbours(samples.Name(i), [.. Enumerable.Range(0, nearest).Select(k =>
            new NearImage(train.Name(images[i, k].item<long>()), Math.Sqrt(found.Squared[i, k].item<double>())))]))];
    }

    // Statistics in a file cover a whole dataset; the images in the same file are only a part of it.
    private (ReferenceSet Set, string? Foreign) Compared(EvaluationInput reference, List<string> metrics, long width)
    {
        var needsRows = metrics.Exists(KnownMetric.NeedsRows);
        if (reference.Statistics is not { } stored)
        {
            var images = reference.Images!;
            var accuracy = metrics.Contains("accuracy");
            var features = SetFeatures.Of(reader, images, "reference", (needsRows || accuracy) && SetFeatures.AreKept(images.Count, width),
                statistics: true, metrics.Contains("sfid"));
            return (Of(features, Reference, images), accuracy ? Foreign(features, images) : null);
        }

        var rows = reference.Images is { } some && needsRows
            ? SetFeatures.Of(reader, some, "reference", keep: true, statistics: false, spatial: false).Features
            : stored.Features;
        return (new(Reference, stored.Pool ?? FeatureStatistics.Of(stored.Features!), stored.Hash, stored.Spatial, rows,
            reference.Images is { Classes: not null } labelled ? labelled.Images.Labels : null), null);
    }

    // Class names that are numbers may mean anything. The reference images show whether they are the classes of the network.
    private string? Foreign(SetFeatures features, ImageSet images)
    {
        if (features.Logits is not { } logits || ClassMatch.Unpredicted(network.Classes, _title, images) is not null)
            return null;
        using var scope = NewDisposeScope();
        var right = logits.argmax(1).eq(images.Images.Labels).to(float64).mean().item<double>();
        return right >= LeastAccuracy ? null : FormattableString.Invariant($"{_title} assigns only {100 * right:0.#} % of the reference images ")
            + "to their class, so it was trained on other classes";
    }

    // A metric that was requested by name is computed in spite of the warning.
    private MetricPlan Without(string name, MetricPlan plan, string reason)
    {
        if (request.Metrics.Count == 0)
            return new([.. plan.Chosen.Where(metric => metric.Name != name)], [.. plan.Skipped, new(name, reason)]);
        Warn($"{name}: {reason}");
        return plan;
    }

    private void CheckRank(List<string> metrics, FeatureBatch said, ImageSet samples, EvaluationInput reference, ImageSet? train)
    {
        (string What, long? Count)[] sets =
        [
            ("samples", samples.Count), ("reference images", reference.Statistics is { } stored ? stored.Count : reference.Images!.Count),
            ("training images", train?.Count),
        ];
        foreach (var (metric, map) in new[] { ("fid", said.Features), ("sfid", said.Spatial) })
        {
            if (!metrics.Contains(metric) || map is null || sets.Where(set => set.Count <= map.shape[1]).ToList() is not { Count: > 0 } few)
                continue;
            Warn(FormattableString.Invariant($"{metric}: {string.Join(" and ", few.Select(set => FormattableString.Invariant($"{set.Count} {set.What}")))} ")
                + FormattableString.Invariant($"are too few for a covariance of full rank, which takes {map.shape[1] + 1} images for {map.shape[1]} ")
                + "features. The value depends strongly on the number of images");
        }
    }

    private void Warn(string warning)
    {
        _warnings.Add(warning);
        progress.Say($"warning: {warning}");
    }

    private static ReferenceSet Of(SetFeatures features, string split, ImageSet set) => new(
        split, features.Pool!, set.Hash, features.Spatial, features.Features,
        set.Classes is null ? null : features.Order is { } order ? set.Images.Labels.index_select(0, order) : set.Images.Labels);

    // The first image shows which outputs the network has.
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
            ClassMatch.Unpredicted(network.Classes, _title, samples),
            ClassMatch.Problem(samples, reference.Images),
            said.Spatial is not null,
            stored is null ? said.Spatial is not null : stored.Spatial is not null,
            SetFeatures.AreKept(rows, width) ? rows : 0,
            train is null ? "training images are missing (--train)"
                : train.Hash == reference.Images?.Hash ? "the reference and the training images are the same" : null,
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
            Warn($"{bare.Path} does not name the network and preprocessing of its statistics: check that they are those of {choice.Name}");
    }

    private void CheckWidth(EvaluationInput reference, FeatureBatch said)
    {
        if (reference.Statistics is not { } stored)
            return;
        var width = stored.Pool?.Mean.shape[0] ?? stored.Features!.shape[1];
        if (width != said.Features.shape[1])
        {
            throw new LabException(FormattableString.Invariant($"{stored.Path} has statistics of {width} features; those of ")
                + FormattableString.Invariant($"{choice.Name} are {said.Features.shape[1]}: they come from another network"));
        }

        if (stored.Spatial is { } map && said.Spatial is { } own && map.Mean.shape[0] != own.shape[1])
        {
            throw new LabException(FormattableString.Invariant($"{stored.Path} has statistics of {map.Mean.shape[0]} spatial features; ")
                + FormattableString.Invariant($"those of {choice.Name} are {own.shape[1]}"));
        }
    }

    private static EvaluatedReference Described(EvaluationInput reference) => reference.Statistics is { } stored
        ? new(reference.Path, stored.Hash, stored.Layout, stored.Count, stored.Identity is not null)
        : new(reference.Path, reference.Images!.Hash, "images", reference.Images.Count, true, reference.Images.PassedOver);
}
