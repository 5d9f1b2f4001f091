using TorchSharp;
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
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var rows = IntervalRows.Of(r, t).Spanned;
        var main = u.At(z, r, t, [0]);
        using var quiet = no_grad();
        var derivative = zeros_like(main);
        if (rows.numel() == 0)
            return (main, derivative);

        Tensor Of(Tensor all) => all.index_select(0, rows);
        return (main, derivative.index_copy_(0, rows, Differentiate(u.Rows(rows), Of(z), Of(w), Of(r), Of(t))));
    }

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
