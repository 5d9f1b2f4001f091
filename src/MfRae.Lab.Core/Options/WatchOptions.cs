namespace MfRae.Lab.Core.Options;

/// <summary>
/// Quality during a training: the FID of one-step samples from the averaged weights against the primary reference, as a curve, and a rule that
/// stops a training without progress. The samples have their own noise, so the weights do not depend on it.
/// </summary>
/// <param name="Every">Steps between two evaluations.</param>
/// <param name="Samples">Number of samples of an evaluation.</param>
/// <param name="Patience">The training stops after this number of evaluations in a row without a new best value; absent: it never stops.</param>
/// <param name="MinDelta">The decrease of the FID that counts as a new best value.</param>
public sealed record WatchOptions(
    [property: OptionRange(1, 100_000_000, Unit = "steps")][property: OptionExample("500")] int Every,
    [property: OptionRange(10, 100_000, Unit = "samples")] int Samples = 500,
    [property: OptionRange(1, 10_000, Unit = "evaluations")] int? Patience = null,
    [property: OptionRange(0, 1e6)] double MinDelta = 0);
