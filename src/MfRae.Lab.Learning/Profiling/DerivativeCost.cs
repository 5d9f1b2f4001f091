using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// What an estimator of du/dt computes for a sample beside the main evaluation (docs/method.md §3), in evaluations of the network.
/// </summary>
/// <param name="Linear">Evaluations' worth of products with weights.</param>
/// <param name="Attention">Evaluations' worth of attention products.</param>
/// <param name="AllSamples">Whether samples with r = t are not spared.</param>
/// <param name="KeptEvaluations">Evaluations whose values are kept for a backward pass.</param>
internal sealed record DerivativeCost(string Name, double Linear, double Attention, bool AllSamples = false, double KeptEvaluations = 0)
{
    private const string Concatenated = "concatenated";

    public static DerivativeCost Of(DerivativeOptions options) => options switch
    {
        CentralDifferenceOptions central => Probes("central difference", 2, central.Batching == Concatenated),
        ForwardDifferenceOptions forward => Probes("forward difference", 1, forward.Batching == Concatenated),
        // A tangent takes one product where a weight is one factor, and two where both factors move.
        JvpOptions => new("forward-mode JVP", 1, 2),
        // The gradient by the inputs, and its derivative by the cotangent: each one product for a weight and two for each of attention's.
        JvpDoubleBackwardOptions => new("double backward", 2, 4, KeptEvaluations: 1),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no cost model"),
    };

    public Products Of(Products evaluation) => new(Linear * evaluation.Linear, Attention * evaluation.Attention);

    // In one batch with gradients a probe goes backward too, although nothing asks for its gradient.
    private static DerivativeCost Probes(string name, int probes, bool concatenated) => concatenated
        ? new($"{name}, {probes} probes with gradients", 3 * probes, 3 * probes, AllSamples: true, KeptEvaluations: probes)
        : new($"{name}, {probes} {(probes == 1 ? "probe" : "probes")}", probes, probes);
}
