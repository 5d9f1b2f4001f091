using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A metric as the command line names it.</summary>
/// <param name="Lacks">What it needs and does not have, or null.</param>
/// <param name="Definition">What there is of choice in it, in words that stand beside its numbers.</param>
internal sealed record KnownMetric(
    string Name, Func<MetricInputs, string?> Lacks, Func<MetricInputs, MetricOptions> Options, Func<MetricInputs, string> Definition)
{
    /// <summary>Whether a metric needs features of reference images, not their statistics alone.</summary>
    public static bool NeedsRows(string name) => name is "kid" or "prdc" or "classFid";

    public static IReadOnlyList<KnownMetric> All { get; } =
    [
        new("fid", _ => null, _ => new FidOptions(), _ => "Fréchet distance of Gaussians, covariances divided by n - 1"),
        new("is",
            inputs => inputs.Logits ? null : "the feature network classifies nothing",
            inputs => new InceptionScoreOptions(inputs.InceptionScoreSplits),
            inputs => $"mean over {inputs.InceptionScoreSplits} consecutive parts"),
        new("accuracy",
            inputs => !inputs.OwnClasses ? "the feature network does not predict the samples' classes"
                : inputs.SampleClasses is null ? "the samples have no classes" : null,
            _ => new ClassAccuracyOptions(),
            _ => "share of samples that the network assigns to their class"),
    ];
}
