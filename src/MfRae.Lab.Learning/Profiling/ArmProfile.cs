namespace MfRae.Lab.Learning.Profiling;

/// <summary>What the networks of one arm cost.</summary>
/// <param name="Latent">Null where the encoder's size is not known.</param>
/// <param name="Notes">What could not be known, and what was assumed instead.</param>
public sealed record ArmProfile(
    string Arm,
    LatentProfile? Latent,
    IReadOnlyList<ComponentProfile> Components,
    IReadOnlyList<SamplingProfile> Sampling,
    IReadOnlyList<TrainingProfile> Training,
    IReadOnlyList<string> Notes);
