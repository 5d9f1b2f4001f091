using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Where derivatives are compared: z, w [B, C, H, W], r &lt; t [B]. The derivative is that of u(z, r, t, y) along (w, 0, 1).
/// </summary>
/// <param name="Y">The labels int64 [B] that the main evaluation sees, and those that the two probes see.</param>
public sealed record DerivativePoints(Tensor Z, Tensor W, Tensor R, Tensor T, IReadOnlyList<Tensor> Y)
{
    /// <summary>The first of them, at most <paramref name="count"/>.</summary>
    public DerivativePoints First(long count)
    {
        Tensor Of(Tensor all) => all.slice(0, 0, Math.Min(count, all.shape[0]), 1);
        return new(Of(Z), Of(W), Of(R), Of(T), [.. Y.Select(Of)]);
    }

    /// <summary>The same numbers in another type.</summary>
    public DerivativePoints To(ScalarType type) => new(Z.to_type(type), W.to_type(type), R.to_type(type), T.to_type(type), Y);

    /// <summary>du/dt as an estimator finds it for a network, in the type of the points and the weights.</summary>
    public Tensor Estimate(IDerivative estimator, DitNetwork network, Weights weights) =>
        estimator.Evaluate(new NetworkVelocity(network, weights, probe => Y[probe]), Z, W, R, T).Derivative;
}
