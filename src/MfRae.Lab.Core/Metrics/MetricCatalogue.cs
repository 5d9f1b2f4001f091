using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Metrics;

/// <summary>
/// Every metric, once. To add one, add its options to <see cref="MetricOptions"/>, its entry here, and its calculator to `Metric.Compute`
/// in Learning. Names that are not listed, such as those of newer versions, keep working: they are their own labels.
/// </summary>
public static class MetricCatalogue
{
    private const string Share = "fraction";
    private const string Gflop = "GFLOP per image";

    private static readonly PrecisionRecallOptions Balls = new();
    private static readonly FidInfinityOptions Infinity = new();

    /// <summary>The metrics that options select, in the order in which they are computed.</summary>
    public static IReadOnlyList<MetricKind> Kinds { get; } =
    [
        new("fid", new FidOptions(), MetricNeeds.Reference, "Fréchet distance of Gaussians, covariances divided by n - 1",
            [new("fid", "FID", false, Reconstructed: "rFID", IsPositive: true)], "fid", EachReference: true),
        new("sfid", new SfidOptions(), MetricNeeds.Reference | MetricNeeds.SpatialFeatures, "Fréchet distance of 7 channels of the 17x17 map",
            [new("sfid", "sFID", false, IsPositive: true)], "sfid", EachReference: true),
        new("inceptionScore", new InceptionScoreOptions(), MetricNeeds.ClassScores, "exp E KL(p(y|x) ‖ p(y)), the mean over parts of the samples",
            [
                new("is", "Inception score", true, Reconstructed: "Inception score", IsPositive: true),
                new("is.adm", "Inception score (adm)", true, IsPositive: true),
                new("is.torchFidelity", "Inception score (torchFidelity)", true, IsPositive: true),
            ],
            "is"),
        new("kid", new KidOptions(), MetricNeeds.ReferenceFeatures, "unbiased kernel distance, the mean over pairs of subsets",
            [new("kid", "KID", false, Reconstructed: "rKID")], "kid", LeastImages: 2),
        // Balls reach to at most 5 neighbours, so each set needs 6 images.
        new("precisionRecall", Balls, MetricNeeds.ReferenceFeatures,
            FormattableString.Invariant(
                $"balls to neighbour {Balls.Neighbours} (precision, recall) and {Balls.DensityNeighbours} (density, coverage)"),
            [
                new("precision", "Precision", true, Share), new("recall", "Recall", true, Share), new("density", "Density", true),
                new("coverage", "Coverage", true, Share),
            ],
            "prdc", LeastImages: Balls.DensityNeighbours + 1),
        new("fidInfinity", Infinity, MetricNeeds.Reference,
            FormattableString.Invariant($"FID of {Infinity.Sizes} subsets, extrapolated to 1/n = 0"),
            [new("fidInfinity", "FID∞", false)], "fidInfinity"),
        new("classFid", new ClassFidOptions(), MetricNeeds.ReferenceFeatures | MetricNeeds.Labels, "FID within each class; mean and worst",
            [
                new("classFid", "FID by class", false, IsPositive: true),
                new("classFid.worst", "FID by class (worst)", false, IsPositive: true),
            ],
            "classFid"),
        new("classAccuracy", new ClassAccuracyOptions(), MetricNeeds.DatasetClasses,
            "fraction of samples that the network assigns to their class",
            [new("accuracy", "Class accuracy", true, Share, Reconstructed: "Class accuracy")], "accuracy"),
        new("fidFloor", new FidFloorOptions(), MetricNeeds.Reference | MetricNeeds.TrainingReference,
            "FID of as many training images as there are samples",
            [new(MetricNames.Floor, "FID floor", null)], "fidFloor"),
        new("memorisation", new MemorisationOptions(),
            MetricNeeds.ReferenceFeatures | MetricNeeds.TrainingReference | MetricNeeds.TrainingImages,
            "distance to the nearest training image, compared with that of reference images",
            [
                new(MetricNames.MemorisedShare, "Memorisation (share)", null, Share, Reconstructed: "Memorisation, reconstructions (share)"),
                new(MetricNames.MemorisationRatio, "Memorisation (ratio)", null, Reconstructed: "Memorisation, reconstructions (ratio)"),
            ],
            "memorisation", LeastImages: 2),
        new("endpointError", new EndpointErrorOptions(), MetricNeeds.EndPoints,
            "mean squared latent distance to the end of the teacher's ODE from the same noise",
            [new("endpointError", "Endpoint error", false, IsPositive: true)]),
        new("oracle", new OracleMetricOptions(), MetricNeeds.Oracle, "deviations from a flow with known closed forms",
            [
                new(OracleMetric.Deviation, "Deviation from the exact flow", false, IsPositive: true),
                new(OracleMetric.Deviation + OracleMetric.Median, "Deviation from the exact flow (median)", false, IsPositive: true),
                new(OracleMetric.FixedPoint, "Deviation from the fixed point", false, IsPositive: true),
                new(OracleMetric.FixedPoint + OracleMetric.Median, "Deviation from the fixed point (median)", false, IsPositive: true),
            ]),
    ];

    /// <summary>Values that no metric of the options selects: stages measure them on their own, or beside such a metric.</summary>
    public static IReadOnlyList<MetricEntry> Others { get; } =
    [
        new(MetricNames.SecondFrechet, "FD, second features", false, IsPositive: true),
        new("rL1", "rL1", false, IsPositive: true),
        new("testAccuracy", "Test accuracy", true, Share),
        new("knn", "k-NN", true, Share),
        new("linear", "Linear probe", true, Share),
        new(MetricNames.Ladder, MetricNames.Ladder, null),
        new("gflops", "GFLOPs per image", null, Gflop),
        new("pretraining", "Pre-training", null),
        new(MetricNames.StepSeconds, "Seconds a training step", false, "s", IsPositive: true),
        new(MetricNames.PeakMemory, "Peak memory of training", false, "bytes", IsPositive: true),
        new(DerivativeErrorNames.Error, "Derivative error", false, IsPositive: true),
        new(DerivativeErrorNames.Predicted, "Derivative error (predicted)", null),
        new(DerivativeErrorNames.LowestRatio, "Derivative error (lowestRatio)", null),
        new(DerivativeErrorNames.HighestRatio, "Derivative error (highestRatio)", null),
        new(DerivativeErrorNames.Eta, "Derivative error (eta)", null),
        new(OracleMetric.Floor, "Deviation of the fixed point", null),
        new(OracleMetric.Split, "Loss split", null),
        new(OracleMetric.SplitDiscrepancy, "Loss split (discrepancy)", false),
        new("gradient", "Gradient", null),
        new(OracleMetric.GradientVariance, "Gradient (variance)", false, IsPositive: true),
        new(OracleMetric.GradientVariance + OracleMetric.Predicted, "Gradient (variance.predicted)", null),
        new(OracleMetric.GradientNoise, "Gradient (noise)", false, IsPositive: true),
        new(OracleMetric.GradientNoise + OracleMetric.Predicted, "Gradient (noise.predicted)", null),
        new(OracleMetric.GradientBias, "Gradient (bias)", false, IsPositive: true),
        new(OracleMetric.GradientBias + OracleMetric.Predicted, "Gradient (bias.predicted)", null),
        new(OracleMetric.Noise, OracleMetric.Noise, null),
        new("closedForm", "Closed form", null),
    ];

    private static readonly Dictionary<string, MetricEntry> ByName = Kinds.SelectMany(kind => kind.Values).Concat(Others)
        .SelectMany(entry => (MetricEntry[])(entry.Reconstructed is { } label
            ? [entry, entry with { Name = MetricNames.Reconstructed(entry.Name), Label = label }]
            : [entry]))
        .ToDictionary(entry => entry.Name);

    /// <summary>The metric with a kind as options name it, or null if there is none.</summary>
    public static MetricKind? Kind(string? kind) => Kinds.FirstOrDefault(known => known.Kind == kind);

    /// <summary>The metric that the options select.</summary>
    public static MetricKind Of(MetricOptions options) => Kinds.Single(known => known.Default.GetType() == options.GetType());

    /// <summary>The metric that measures a value, or null if it is not one that options select.</summary>
    /// <param name="metric">Name of the value, such as `is`, `fid.train` or `kid.500`.</param>
    public static MetricKind? KindOf(string metric) =>
        Find(metric) is { Entry: var entry } ? Kinds.FirstOrDefault(known => known.Values.Contains(entry)) : null;

    /// <summary>Whether higher values are better; null if the metric has no direction or is unknown.</summary>
    public static bool? HigherIsBetter(string metric) => Find(metric)?.Entry.HigherIsBetter;

    /// <summary>The unit of a value; the empty string for a number without one, or an unknown metric.</summary>
    public static string Unit(string metric) => Find(metric)?.Entry.Unit ?? "";

    /// <summary>Whether the value depends on how the work ran, and so differs between repetitions on one machine.</summary>
    public static bool IsTiming(string metric) => metric is MetricNames.StepSeconds or MetricNames.PeakMemory;

    /// <summary>
    /// Whether all values are above zero, so that effects are log ratios. Shares may be zero, and estimates such as KID below zero.
    /// </summary>
    public static bool IsPositive(string metric) => Find(metric)?.Entry.IsPositive == true;

    /// <summary>`FID (train)` for fid.train; an unknown name is its own label.</summary>
    public static string Label(string metric)
    {
        var dot = metric.IndexOf('.', StringComparison.Ordinal);
        var (label, part) = Find(metric) is { } found ? (found.Entry.Label, found.Part)
            : dot < 0 ? (metric, "") : (metric[..dot], metric[(dot + 1)..]);
        return part.Length == 0 ? label : $"{label} ({part})";
    }

    // The entry with the longest name that the metric's name equals or continues after a dot.
    private static (MetricEntry Entry, string Part)? Find(string metric)
    {
        for (var end = metric.Length; end > 0; end = metric.LastIndexOf('.', end - 1))
        {
            if (ByName.TryGetValue(metric[..end], out var entry))
            {
                return (entry, metric[Math.Min(metric.Length, end + 1)..]);
            }
        }

        return null;
    }
}

/// <summary>A value that a stage measures.</summary>
/// <param name="Name">As measurements have it, without the number of steps. Longer names that continue it after a dot belong to it too.</param>
/// <param name="Label">What readers call it.</param>
/// <param name="HigherIsBetter">Direction, or null if it has none.</param>
/// <param name="Unit">The unit, or empty for a number without one.</param>
/// <param name="Reconstructed">
/// The label of the same value of reconstructions, whose name is `r` and this name; null if reconstructions are not measured by it, for
/// example because they have no noise that a teacher could start from.
/// </param>
/// <param name="IsPositive">Whether all values are above zero, so that effects are log ratios.</param>
public sealed record MetricEntry(
    string Name, string Label, bool? HigherIsBetter, string Unit = "", string? Reconstructed = null, bool IsPositive = false);

/// <summary>A metric that options select.</summary>
/// <param name="Kind">The discriminator of its options.</param>
/// <param name="Default">Its options with their defaults.</param>
/// <param name="Needs">What it is computed from, besides the features of the samples.</param>
/// <param name="Definition">The choices behind its values.</param>
/// <param name="Values">The values that it has or may have.</param>
/// <param name="Command">The name by which the `evaluate` verb selects it; null if only experiments can.</param>
/// <param name="EachReference">Whether it has a value for each reference: NAME for the primary one, NAME.SPLIT for the others.</param>
/// <param name="LeastImages">The smallest number of samples and of reference images.</param>
public sealed record MetricKind(
    string Kind,
    MetricOptions Default,
    MetricNeeds Needs,
    string Definition,
    IReadOnlyList<MetricEntry> Values,
    string? Command = null,
    bool EachReference = false,
    int LeastImages = 0)
{
    /// <summary>Whether reconstructions of the test set are measured by it too.</summary>
    public bool MeasuresReconstructions => Values.Any(value => value.Reconstructed is not null);

    /// <summary>Whether the metric needs all of these.</summary>
    public bool Requires(MetricNeeds needs) => Needs.HasFlag(needs);

    /// <summary>The names of its values; a number of steps follows as `@1`.</summary>
    /// <param name="references">Splits, the primary reference first.</param>
    public IReadOnlyList<string> Names(IReadOnlyList<string> references) =>
    [
        .. Values.Select(value => value.Name),
        .. EachReference ? references.Skip(1).Select(split => $"{Values[0].Name}.{split}") : [],
    ];
}

/// <summary>What a metric is computed from, besides the features of the samples.</summary>
[Flags]
public enum MetricNeeds
{
    /// <summary>The samples alone.</summary>
    None = 0,

    /// <summary>Statistics of reference features.</summary>
    Reference = 1,

    /// <summary>Features of single reference images, not their statistics alone.</summary>
    ReferenceFeatures = 2,

    /// <summary>A feature network with the spatial features of FID's Inception network.</summary>
    SpatialFeatures = 4,

    /// <summary>A feature network that predicts classes, of any dataset.</summary>
    ClassScores = 8,

    /// <summary>A feature network that predicts the classes of the dataset.</summary>
    DatasetClasses = 16,

    /// <summary>Classes of samples and of reference images.</summary>
    Labels = 32,

    /// <summary>Features of the training images, and a reference that is not the training split.</summary>
    TrainingReference = 64,

    /// <summary>The training images themselves.</summary>
    TrainingImages = 128,

    /// <summary>The ends of the teacher's ODE from the same noise.</summary>
    EndPoints = 256,

    /// <summary>A dataset with known closed forms.</summary>
    Oracle = 512,
}
