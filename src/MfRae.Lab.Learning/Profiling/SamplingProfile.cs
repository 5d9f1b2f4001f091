using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>What one generated image costs.</summary>
/// <param name="Sampler">teacher or generator.</param>
/// <param name="Evaluations">Of the network, for one image.</param>
public sealed record SamplingProfile(string Sampler, int Evaluations, Products Evaluation, Products Decode)
{
    public Products Image => (Evaluations * Evaluation) + Decode;
}
