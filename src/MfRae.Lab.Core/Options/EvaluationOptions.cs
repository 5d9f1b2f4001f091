namespace MfRae.Lab.Core.Options;

/// <summary>What is measured. It stands outside `base`: an arm cannot change how it is judged.</summary>
/// <param name="References">Dataset splits whose feature statistics samples are compared with; the first is the primary one.</param>
/// <param name="Reconstruction">Whether the test set is encoded, decoded and measured too (rFID).</param>
/// <param name="Probes">Whether the encoder is probed: k nearest neighbours and a linear classifier, beside raw pixels and
/// an untrained encoder.</param>
/// <param name="BootstrapDraws">For the 95 % interval of each value over the choice of its samples (docs/method.md §7); 0: no intervals.</param>
/// <param name="SecondFeatures">Another network, in whose features samples are compared with the first reference too (`fd`), or null.</param>
/// <param name="Ladder">Whether images of the first reference are spoilt by noise and blur step by step, to see that FID grows with each.</param>
/// <param name="SnapshotSamples">How many one-step samples of each snapshot of training are drawn and measured.</param>
public sealed record EvaluationOptions(
    FeatureOptions Features,
    IReadOnlyList<MetricOptions> Metrics,
    [property: OptionChoice("test", "train")] IReadOnlyList<string> References,
    bool Reconstruction = false,
    bool Probes = false,
    [property: OptionRange(0, 100_000)] int BootstrapDraws = 1000,
    FeatureOptions? SecondFeatures = null,
    bool Ladder = false,
    [property: OptionRange(10, 1_000_000)] int SnapshotSamples = 1_000);
