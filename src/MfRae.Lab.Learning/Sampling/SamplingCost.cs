using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Sampling;

/// <summary>What one drawn image costs, read off the declarations of the networks.</summary>
/// <param name="Evaluations">Of the network, as the samples are named by; one with guidance counts once here.</param>
/// <param name="Evaluation">Multiply-adds of one of them: with guidance those of two passes, one with the label and one without.</param>
/// <param name="Decode">Multiply-adds of decoding the image.</param>
public sealed record SamplingCost(int Evaluations, Products Evaluation, Products Decode)
{
    private const double Giga = 1e9;

    /// <summary>Of all evaluations.</summary>
    public Products Generate => Evaluations * Evaluation;

    public Products Image => Generate + Decode;

    /// <param name="guidance">Of a velocity; an average velocity is sampled without.</param>
    public static SamplingCost Of(DitNetwork network, IDecoder decoder, int steps, string solver, GuidanceOptions? guidance)
    {
        var forward = NetworkCost.Of(network.Declare()).Forward;
        var decode = NetworkCost.Of(decoder.Declare()).Forward;
        // Guidance evaluates both at every time, inside its interval and outside.
        return network.Interval
            ? new(steps, forward, decode)
            : new(steps * FewStepGenerator.EvaluationsOf(solver), (guidance is null ? 1 : 2) * forward, decode);
    }

    /// <summary>GFLOPs as papers count them (docs/method.md §7): 10⁹ multiply-adds of layers with weights.</summary>
    public static double Gflops(Products products) => products.Linear / Giga;
}
