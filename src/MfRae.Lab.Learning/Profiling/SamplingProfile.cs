using MfRae.Lab.Learning.Sampling;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>What one generated image costs.</summary>
/// <param name="Sampler">teacher or generator.</param>
public sealed record SamplingProfile(string Sampler, SamplingCost Cost);
