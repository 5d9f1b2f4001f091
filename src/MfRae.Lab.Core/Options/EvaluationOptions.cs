using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The metrics and references of the evaluation, outside `base` so that an arm cannot change its evaluation.</summary>
/// <param name="Features">The network whose features FID is computed from, and whose classes IS is computed from.</param>
/// <param name="Metrics">The metrics, in the order of the report; each is an object with a `kind`.</param>
/// <param name="References">The references that samples are compared with: dataset splits, and statistics for those of
/// <paramref name="Statistics"/>. The first is the primary one.</param>
/// <param name="Reconstruction">Whether the test set is also encoded, decoded and measured (rFID).</param>
/// <param name="Probes">Whether the encoder is probed by k nearest neighbours and a linear classifier, and compared with raw pixels and an
/// untrained encoder.</param>
/// <param name="BootstrapDraws">Number of resamples for the 95 % interval of each value over its samples (docs/method.md §7); 0: no
/// intervals.</param>
/// <param name="SecondFeatures">Another network, in whose features samples are also compared with the first reference (`fd`), or null.</param>
/// <param name="Ladder">Whether FID is measured for images of the first reference with increasing noise and blur, to check that it grows.</param>
/// <param name="SnapshotSamples">Number of one-step samples that are drawn from each snapshot and measured.</param>
/// <param name="Statistics">A published file of reference statistics, or null.</param>
public sealed record EvaluationOptions(
    FeatureOptions Features,
    IReadOnlyList<MetricOptions> Metrics,
    [property: OptionChoice("test", "train", ReferenceStatisticsOptions.Reference)][property: OptionExample("[\"test\"]")] IReadOnlyList<string> References,
    bool Reconstruction = false,
    bool Probes = false,
    [property: OptionRange(0, 100_000)] int BootstrapDraws = 1000,
    FeatureOptions? SecondFeatures = null,
    bool Ladder = false,
    [property: OptionRange(10, 1_000_000, Unit = "samples")] int SnapshotSamples = 1_000,
    ReferenceStatisticsOptions? Statistics = null);

/// <summary>
/// Feature statistics of reference images from a file, as `evaluate --reference` reads them: ADM's, pytorch-fid's, clean-fid's,
/// torch-fidelity's or the lab's own (docs/evaluation.md). The feature network must be the one behind them, which only files of the lab name.
/// Metrics that need features of single images use the images in the file, if it has any: ADM's files do.
/// </summary>
/// <param name="Path">The file, such as ADM's VIRTUAL_imagenet256_labeled.npz.</param>
public sealed record ReferenceStatisticsOptions([property: OptionExample("\"data/VIRTUAL_imagenet256_labeled.npz\"")] string Path) : IReadsFiles
{
    /// <summary>The name of this reference among <see cref="EvaluationOptions.References"/>.</summary>
    public const string Reference = "statistics";

    IEnumerable<string> IReadsFiles.Files() => [Path];
}

/// <summary>One metric over a set of samples.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FidOptions), "fid")]
[JsonDerivedType(typeof(SfidOptions), "sfid")]
[JsonDerivedType(typeof(InceptionScoreOptions), "inceptionScore")]
[JsonDerivedType(typeof(KidOptions), "kid")]
[JsonDerivedType(typeof(PrecisionRecallOptions), "precisionRecall")]
[JsonDerivedType(typeof(ClassFidOptions), "classFid")]
[JsonDerivedType(typeof(FidInfinityOptions), "fidInfinity")]
[JsonDerivedType(typeof(FidFloorOptions), "fidFloor")]
[JsonDerivedType(typeof(ClassAccuracyOptions), "classAccuracy")]
[JsonDerivedType(typeof(EndpointErrorOptions), "endpointError")]
[JsonDerivedType(typeof(MemorisationOptions), "memorisation")]
[JsonDerivedType(typeof(OracleMetricOptions), "oracle")]
public abstract record MetricOptions;

/// <summary>Fréchet distance of Gaussians fitted to features; one value per reference split.</summary>
public sealed record FidOptions : MetricOptions;

/// <summary>Fréchet distance in spatial features, which depend on where things are; one value per reference split.</summary>
public sealed record SfidOptions : MetricOptions;

/// <summary>exp E KL(p(y|x) ‖ p(y)), the mean over parts of the samples.</summary>
/// <param name="Splits">Number of parts of about equal size, except for adm. torch-fidelity's default is 10.</param>
/// <param name="Form">Which samples form a part. contentOrder: samples are first ordered by a hash of their pixels, so the value does not
/// depend on their order; with the three other forms it does. consecutive: consecutive samples. adm: consecutive chunks of 5,000 samples.
/// torchFidelity: consecutive samples after torch-fidelity's permutation. The value is named is, is.adm or is.torchFidelity.</param>
public sealed record InceptionScoreOptions(
    [property: OptionRange(1, 100)] int Splits = 1,
    [property: OptionChoice(
        InceptionScoreOptions.ContentOrder, InceptionScoreOptions.Consecutive, InceptionScoreOptions.Adm, InceptionScoreOptions.TorchFidelity)]
    string Form = InceptionScoreOptions.ContentOrder) : MetricOptions
{
    /// <summary>Parts of the samples in an order by their content.</summary>
    public const string ContentOrder = "contentOrder";

    /// <summary>Parts of consecutive samples.</summary>
    public const string Consecutive = "consecutive";

    /// <summary>Consecutive chunks of <see cref="AdmPart"/> samples, as in ADM's evaluator.</summary>
    public const string Adm = "adm";

    /// <summary>Parts of the samples in torch-fidelity's permutation.</summary>
    public const string TorchFidelity = "torchFidelity";

    /// <summary>The samples of a part in ADM's form.</summary>
    public const int AdmPart = 5000;

    /// <summary>The name of the value.</summary>
    public static string NameOf(string? form) => form is Adm or TorchFidelity ? $"is.{form}" : "is";

    /// <summary>The number of parts that a number of samples is split into.</summary>
    public long Parts(long samples) => Form == Adm ? (samples + AdmPart - 1) / AdmPart : Splits;

    /// <summary>Whether the samples must be ordered by their content.</summary>
    public bool NeedsContentOrder() => Form == ContentOrder && Splits > 1;
}

/// <summary>Kernel distance to the primary reference, the mean over pairs of random subsets.</summary>
/// <param name="Subsets">Number of pairs of random subsets.</param>
/// <param name="SubsetSize">Images in a subset, at most the number of samples or of reference images. The value is named kid for 1,000
/// images, otherwise kid.SIZE.</param>
public sealed record KidOptions(
    [property: OptionRange(1, 10_000)] int Subsets = 100,
    [property: OptionRange(2, 100_000, Unit = "images")] int SubsetSize = 1000) : MetricOptions;

/// <summary>Precision, recall, density and coverage against the primary reference, from balls whose radius is the distance to a neighbour.</summary>
/// <param name="Neighbours">The rank of the neighbour that gives the radius for precision and recall.</param>
/// <param name="DensityNeighbours">The rank of the neighbour that gives the radius for density and coverage.</param>
public sealed record PrecisionRecallOptions(
    [property: OptionRange(1, 100)] int Neighbours = 3,
    [property: OptionRange(1, 100)] int DensityNeighbours = 5) : MetricOptions;

/// <summary>FID within each class against the primary reference: the mean, the worst, and each class if there are at most 20.</summary>
public sealed record ClassFidOptions : MetricOptions;

/// <summary>FID against the primary reference, extrapolated to an infinite number of samples.</summary>
/// <param name="Sizes">The number of random subsets that the line is fitted to.</param>
public sealed record FidInfinityOptions([property: OptionRange(3, 100)] int Sizes = 15) : MetricOptions;

/// <summary>FID of training images, the same number as samples, against the first reference that is not the training split.</summary>
public sealed record FidFloorOptions : MetricOptions;

/// <summary>Fraction of samples that the feature network assigns to the label they were drawn for.</summary>
public sealed record ClassAccuracyOptions : MetricOptions;

/// <summary>Mean squared latent distance to the end of the teacher's ODE from the same noise (docs/method.md §8).</summary>
public sealed record EndpointErrorOptions : MetricOptions;

/// <summary>
/// Whether samples are nearer to training images than the images of the first other reference are: the ratio of the median distances, and
/// the share of samples below the 1 % quantile of the distances of those images.
/// </summary>
public sealed record MemorisationOptions : MetricOptions;

/// <summary>
/// Metrics of an oracle dataset (docs/method.md §6): deviations from the exact mean flow and from the mean flow that training converges to,
/// the split of the loss, the variance of its gradient, and quantiles of the target noise.
/// </summary>
/// <param name="GradientPoints">Number of points at which the gradient of the loss is decomposed.</param>
/// <param name="Draws">Draws of the one-point velocity at each point, and for the quantiles.</param>
/// <param name="Tolerance">Relative tolerance of the solver of flows without a closed form.</param>
public sealed record OracleMetricOptions(
    [property: OptionRange(2, 100_000)] int GradientPoints = 256,
    [property: OptionRange(1, 10_000)] int Draws = 64,
    [property: OptionRange(1e-12, 1e-2)] double Tolerance = 1e-9) : MetricOptions;

/// <summary>A study that examines the network of the few-step generator. Nothing is sampled.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DerivativeErrorOptions), "derivativeError")]
public abstract record StudyOptions;

/// <summary>
/// How far an estimate of du/dt is from the exact derivative in float64, measured and predicted (docs/method.md §3).
/// </summary>
/// <param name="Derivative">The estimator.</param>
/// <param name="Time">The distribution of (r, t).</param>
/// <param name="Deltas">Steps δ at which a difference is measured, in addition to that of <paramref name="Derivative"/>. Exact estimators
/// have no step and are measured once.</param>
/// <param name="Precision">Precision of the estimate. tf32 and bfloat16 round the operands of matrix products and sum in float32, on all
/// devices.</param>
/// <param name="Lambda">λ of the direction w: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="LabelDropout">Share of the samples whose label is dropped.</param>
/// <param name="Samples">Number of samples with r &lt; t, drawn as for training.</param>
/// <param name="EarlySamples">Number of further samples with t &lt; 0.1, which training draws rarely.</param>
public sealed record DerivativeErrorOptions(
    DerivativeOptions Derivative,
    TimeSamplerOptions Time,
    [property: OptionRange(1e-7, 0.5)][property: OptionExample("[0.001, 0.01]")] IReadOnlyList<double> Deltas,
    [property: OptionChoice("float32", "tf32", "bfloat16", "float64")] string Precision = "float32",
    [property: OptionRange(0, 1)] double Lambda = 1,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    [property: OptionRange(1, 100_000, Unit = "samples")] int Samples = 256,
    [property: OptionRange(1, 100_000, Unit = "samples")] int EarlySamples = 64) : StudyOptions;
