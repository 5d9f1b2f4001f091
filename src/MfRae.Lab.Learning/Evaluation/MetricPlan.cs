using System.Globalization;
using MfRae.Lab.Core.Metrics;
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
        foreach (var metric in KnownMetric.All.Where(metric => wanted.Count == 0 || wanted.Contains(metric.Command!)))
        {
            if (KnownMetric.Lacks(metric, inputs) is { } reason)
                skipped.Add(new(metric.Command!, reason));
            else
                chosen.Add((metric.Command!, KnownMetric.Options(metric, inputs), KnownMetric.Definition(metric, inputs)));
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

/// <summary>What the command line needs to know of a metric beyond <see cref="MetricCatalogue"/>.</summary>
internal static class KnownMetric
{
    /// <summary>The metrics that the command line can ask for, in the order in which they are computed.</summary>
    public static IReadOnlyList<MetricKind> All { get; } = [.. MetricCatalogue.Kinds.Where(metric => metric.Command is not null)];

    /// <summary>Whether a metric needs features of reference images, not their statistics alone.</summary>
    public static bool NeedsRows(string name) => All.Any(metric => metric.Command == name && metric.Requires(MetricNeeds.ReferenceFeatures));

    /// <summary>What computes the metric.</summary>
    public static MetricOptions Options(MetricKind metric, MetricInputs inputs) => metric.Default is InceptionScoreOptions
        ? new InceptionScoreOptions(inputs.InceptionScoreSplits, inputs.InceptionScoreForm)
        : metric.Default;

    /// <summary>What the metric needs and the inputs lack, or null.</summary>
    public static string? Lacks(MetricKind metric, MetricInputs inputs)
    {
        string? If(MetricNeeds needs, string? reason) => metric.Requires(needs) ? reason : null;
        return If(MetricNeeds.SpatialFeatures, !inputs.Spatial ? "the feature network has no spatial features"
                : inputs.ReferenceSpatial ? null : "the reference has no statistics of spatial features")
            ?? If(MetricNeeds.ClassScores, inputs.Logits ? null : "the feature network does not predict classes")
            ?? If(MetricNeeds.DatasetClasses, inputs.Accuracy)
            ?? If(MetricNeeds.Labels, inputs.Classes)
            ?? If(MetricNeeds.TrainingReference, inputs.Train)
            ?? If(MetricNeeds.ReferenceFeatures, Rows(inputs, metric.LeastImages))
            ?? TooFew(Options(metric, inputs), inputs);
    }

    /// <summary>The choices behind the metric's values, in words that accompany its numbers.</summary>
    public static string Definition(MetricKind metric, MetricInputs inputs) => Options(metric, inputs) switch
    {
        KidOptions kid => Text($"{kid.Subsets} pairs of subsets of {Math.Min(kid.SubsetSize, Math.Min(inputs.Samples, inputs.ReferenceRows))}, ")
            + "cubic kernel, unbiased; drawn from the order of files as by torch-fidelity",
        InceptionScoreOptions score => score.Form switch
        {
            InceptionScoreOptions.Adm => Text($"mean over parts of {InceptionScoreOptions.AdmPart} in the order of files"),
            InceptionScoreOptions.TorchFidelity => Text($"mean over {score.Splits} parts, the order of files shuffled as by torch-fidelity"),
            InceptionScoreOptions.Consecutive => Text($"mean over {score.Splits} parts in the order of files"),
            _ when score.Splits == 1 => "of all samples in one part",
            _ => Text($"mean over {score.Splits} parts in an order by content, independent of the order of files"),
        },
        _ => metric.Definition,
    };

    private static string? Rows(MetricInputs inputs, long least) =>
        inputs.ReferenceRows == 0 ? "the reference has statistics but no images, or too many images to keep their features"
        : Math.Min(inputs.Samples, inputs.ReferenceRows) < least ? Text($"it needs {least} samples and {least} reference images")
        : null;

    private static string? TooFew(MetricOptions options, MetricInputs inputs) => options switch
    {
        InceptionScoreOptions score when score.Form != InceptionScoreOptions.Adm && inputs.Samples < score.Splits =>
            Text($"{inputs.Samples} samples cannot be split into {score.Splits} parts: choose --is-splits"),
        FidInfinityOptions infinity when Math.Max(2 * inputs.Width, 2 * infinity.Sizes) is var least && inputs.Samples < least =>
            Text($"it needs {least} samples, twice the features' {inputs.Width} dimensions"),
        _ => null,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Words that the command line may use.</summary>
public static class EvaluationNames
{
    /// <summary>Metrics in the order in which they are computed.</summary>
    public static IReadOnlyList<string> Metrics { get; } = [.. KnownMetric.All.Select(metric => metric.Command!)];

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
