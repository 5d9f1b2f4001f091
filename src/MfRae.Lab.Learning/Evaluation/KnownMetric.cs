using System.Globalization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Evaluation;

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
