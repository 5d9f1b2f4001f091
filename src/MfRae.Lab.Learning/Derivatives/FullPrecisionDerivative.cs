using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// An estimator for training with bfloat16 products: the main evaluation, whose gradient trains the network, has the precision of the
/// training, and the estimate of du/dt is computed separately in full precision (docs/method.md §3). Probes are evaluated separately and
/// without gradients here.
/// </summary>
/// <param name="inner">The estimator that is evaluated in full precision.</param>
public sealed class FullPrecisionDerivative(IDerivative inner) : IDerivative
{
    /// <summary>The work of the inner estimator, which cannot share the main evaluation.</summary>
    public DerivativeCost Cost { get; } = Separate(inner.Cost);

    /// <inheritdoc/>
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) =>
        IntervalRows.EstimateSeparately(u, z, w, r, t, (_, some, zs, ws, rs, ts) => Differentiate(some, zs, ws, rs, ts));

    /// <inheritdoc/>
    public Tensor Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) =>
        inner.Differentiate(u.InFullPrecision, z, w, r, t);

    private static DerivativeCost Separate(DerivativeCost cost)
    {
        var main = cost.UsesMain ? 1 : 0;
        return cost with
        {
            Name = cost.Name + " in float32",
            Linear = cost.Linear + main,
            Attention = cost.Attention + main,
            KeptEvaluations = 0,
            FullPrecision = true,
            FusesMain = true,
        };
    }
}
