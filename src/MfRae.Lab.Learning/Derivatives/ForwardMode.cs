using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// The exact derivative, by carrying the tangent (w, 0, 1) through the network with its input (docs/method.md §3). The batch is
/// evaluated once, with the samples with r &lt; t first; only these have a tangent.
/// </summary>
public sealed class ForwardMode : IDerivative
{
    /// <summary>A tangent takes one product where a weight is one factor, and two where both factors depend on the input.</summary>
    public DerivativeCost Cost { get; } = new("forward-mode JVP", 1, 2, FusesMain: false);

    /// <inheritdoc/>
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var (rows, others) = IntervalRows.Of(r, t);
        if (rows.numel() == 0)
            return (u.At(z, r, t, [0]), zeros_like(z));
        if (rows.numel() == t.numel())
            return Along(u, z, w, r, t);

        var order = cat([rows, others]);
        Tensor Ordered(Tensor all) => all.index_select(0, order);
        var (main, tangent) = Along(u.Rows(order), Ordered(z), w.index_select(0, rows), Ordered(r), Ordered(t));
        return (main.index_select(0, order.argsort()), zeros_like(z).index_copy_(0, rows, tangent));
    }

    /// <inheritdoc/>
    public Tensor Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) => Along(u, z, w, r, t).Derivative;

    /// <summary>Differentiates along the directions w [n, C, H, W] of the first n samples.</summary>
    private static (Tensor U, Tensor Derivative) Along(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var (primal, tangent) = u.At(new Dual(z, w), r, new Dual(t, ones_like(t.narrow(0, 0, w.size(0)))));
        return (primal, tangent ?? zeros_like(w));
    }
}
