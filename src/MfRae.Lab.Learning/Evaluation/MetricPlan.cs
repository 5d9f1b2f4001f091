using System.Globalization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Which metrics are computed, and why others are not.</summary>
/// <param name="Chosen">With a description of what there is of choice in each.</param>
internal sealed record MetricPlan(
    IReadOnlyList<(string Name, MetricOptions Options, string Definition)> Chosen, IReadOnlyList<SkippedMetric> Skipped)
{
    /// <param name="wanted">Names; empty: all that can be computed.</param>
    /// <exception cref="RequestException">One that was asked for by name cannot be computed.</exception>
    public static MetricPlan Of(IReadOnlyList<string> wanted, MetricInputs inputs)
    {
        var chosen = new List<(string, MetricOptions, string)>();
        var skipped = new List<SkippedMetric>();
        foreach (var metric in KnownMetric.All.Where(metric => wanted.Count == 0 || wanted.Contains(metric.Name)))
        {
            if (metric.Lacks(inputs) is { } reason)
                skipped.Add(new(metric.Name, reason));
            else
                chosen.Add((metric.Name, metric.Options(inputs), metric.Definition(inputs)));
        }

        if (wanted.Count > 0 && skipped.Count > 0)
            throw new RequestException(string.Join("; ", skipped.Select(metric => $"{metric.Metric} cannot be computed: {metric.Reason}")));
        return new(chosen, skipped);
    }
}

/// <summary>What there is for metrics to be computed from.</summary>
/// <param name="Width">Dimensions of a feature.</param>
/// <param name="Logits">Whether the network classifies.</param>
/// <param name="Accuracy">Why it does not predict the classes of the samples, or null where it does.</param>
/// <param name="Classes">Why samples and reference cannot be compared class by class, or null where they can.</param>
/// <param name="Spatial">Whether it has a map for sFID.</param>
/// <param name="ReferenceSpatial">Whether the reference has statistics of that map.</param>
/// <param name="ReferenceRows">How many features of reference images are at hand, not their statistics alone.</param>
/// <param name="Train">Why nothing can be compared with training images, or null where it can.</param>
internal sealed record MetricInputs(
    long Samples,
    long Width,
    bool Logits,
    string? Accuracy,
    string? Classes,
    bool Spatial,
    bool ReferenceSpatial,
    long ReferenceRows,
    string? Train,
    string InceptionScoreForm,
    int InceptionScoreSplits);

/// <summary>A metric as the command line names it.</summary>
/// <param name="Lacks">What it needs and does not have, or null.</param>
/// <param name="Options">What computes it.</param>
/// <param name="Definition">What there is of choice in it, in words that stand beside its numbers.</param>
internal sealed record KnownMetric(
    string Name, Func<MetricInputs, string?> Lacks, Func<MetricInputs, MetricOptions> Options, Func<MetricInputs, string> Definition)
{
    // Balls reach to at most so many neighbours, of which each image must have more.
    private const int MostNeighbours = 5;
    private const int InfinitySizes = 15;

    private static readonly KidOptions Kid = new();
    private static readonly PrecisionRecallOptions Balls = new();

    /// <summary>In the order in which they are computed.</summary>
    public static IReadOnlyList<KnownMetric> All { get; } =
    [
        new("fid", _ => null, _ => new FidOptions(), _ => "Fréchet distance of Gaussians, covariances divided by n - 1"),
        new("sfid",
            inputs => !inputs.Spatial ? "the feature network has no spatial features"
                : inputs.ReferenceSpatial ? null : "the reference has no statistics of spatial features",
            _ => new SfidOptions(), _ => "Fréchet distance of 7 channels of the 17x17 map"),
        new("is",
            inputs => !inputs.Logits ? "the feature network classifies nothing"
                : inputs.InceptionScoreForm == InceptionScoreOptions.Adm || inputs.Samples >= inputs.InceptionScoreSplits ? null
                : Text($"{inputs.Samples} samples cannot be parted into {inputs.InceptionScoreSplits}: choose --is-splits"),
            inputs => new InceptionScoreOptions(inputs.InceptionScoreSplits, inputs.InceptionScoreForm),
            inputs => inputs.InceptionScoreForm switch
            {
                InceptionScoreOptions.Adm => Text($"mean over parts of {InceptionScoreOptions.AdmPart} in the order of files"),
                InceptionScoreOptions.TorchFidelity => Text($"mean over {inputs.InceptionScoreSplits} parts, the order of files shuffled as by torch-fidelity"),
                InceptionScoreOptions.Consecutive => Text($"mean over {inputs.InceptionScoreSplits} parts in the order of files"),
                _ when inputs.InceptionScoreSplits == 1 => "of all samples in one part",
                _ => Text($"mean over {inputs.InceptionScoreSplits} parts in an order by content, whatever the order of files"),
            }),
        new("kid",
            inputs => Rows(inputs, 2), _ => Kid,
            inputs => Text($"{Kid.Subsets} pairs of subsets of {Math.Min(Kid.SubsetSize, Math.Min(inputs.Samples, inputs.ReferenceRows))}, ")
                + "cubic kernel, unbiased; drawn from the order of files as by torch-fidelity"),
        new("prdc",
            inputs => Rows(inputs, MostNeighbours + 1), _ => Balls,
            _ => Text($"balls to neighbour {Balls.Neighbours} (precision, recall) and {Balls.DensityNeighbours} (density, coverage)")),
        new("fidInfinity",
            inputs => Math.Max(2 * inputs.Width, 2 * InfinitySizes) is var least && inputs.Samples >= least ? null
                : Text($"it needs {least} samples, twice the features' {inputs.Width} dimensions"),
            _ => new FidInfinityOptions(InfinitySizes), _ => Text($"FID of {InfinitySizes} subsets, extrapolated to 1/n = 0")),
        new("classFid", inputs => inputs.Classes, _ => new ClassFidOptions(), _ => "FID within each class; mean and worst"),
        new("accuracy",
            inputs => inputs.Accuracy, _ => new ClassAccuracyOptions(), _ => "share of samples that the network assigns to their class"),
        new("fidFloor", inputs => inputs.Train, _ => new FidFloorOptions(), _ => "FID of as many training images as there are samples"),
        new("memorisation",
            inputs => inputs.Train ?? Rows(inputs, 2), _ => new MemorisationOptions(),
            _ => "distance to the nearest training image, beside that of reference images"),
    ];

    /// <summary>Whether a metric needs features of reference images, not their statistics alone.</summary>
    public static bool NeedsRows(string name) => name is "kid" or "prdc" or "classFid" or "memorisation";

    private static string? Rows(MetricInputs inputs, long least) =>
        inputs.ReferenceRows == 0 ? "the reference has statistics alone, no images, or too many to keep"
        : Math.Min(inputs.Samples, inputs.ReferenceRows) < least ? Text($"it needs {least} images on each side")
        : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Words that the command line may use.</summary>
public static class EvaluationNames
{
    /// <summary>Metrics in the order in which they are computed.</summary>
    public static IReadOnlyList<string> Metrics { get; } = [.. KnownMetric.All.Select(metric => metric.Name)];

    /// <summary>Layouts that statistics are written in.</summary>
    public static IReadOnlyList<string> Layouts => StatisticsTarget.Layouts;

    /// <summary>How samples are parted for the Inception score; the first is the default.</summary>
    public static IReadOnlyList<string> InceptionScoreForms { get; } =
    [
        InceptionScoreOptions.ContentOrder, InceptionScoreOptions.Consecutive, InceptionScoreOptions.TorchFidelity,
        InceptionScoreOptions.Adm,
    ];

    // Of torch-fidelity's published scores.
    private const int TorchFidelitySplits = 10;

    /// <summary>Into how many parts a form cuts the samples where nobody says it: those of experiments, but torch-fidelity's own.</summary>
    public static int InceptionScoreSplits(string form) =>
        form == InceptionScoreOptions.TorchFidelity ? TorchFidelitySplits : new InceptionScoreOptions().Splits;
}
