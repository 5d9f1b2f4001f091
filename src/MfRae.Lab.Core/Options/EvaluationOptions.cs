namespace MfRae.Lab.Core.Options;

/// <summary>What is measured. It stands outside `base`: an arm cannot change how it is judged.</summary>
/// <param name="References">Dataset splits whose feature statistics samples are compared with; the first is the primary one.</param>
/// <param name="Reconstruction">Whether the test set is encoded, decoded and measured too (rFID).</param>
/// <param name="Probes">Whether the encoder is probed: k nearest neighbours and a linear classifier, beside raw pixels and
/// an untrained encoder.</param>
public sealed record EvaluationOptions(
    FeatureOptions Features,
    IReadOnlyList<MetricOptions> Metrics,
    [property: OptionChoice("test", "train")] IReadOnlyList<string> References,
    bool Reconstruction = false,
    bool Probes = false);
