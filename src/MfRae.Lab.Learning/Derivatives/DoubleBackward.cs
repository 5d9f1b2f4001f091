using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// The exact derivative by two reverse passes (docs/method.md §3): the product of a cotangent c with the Jacobian is linear in
/// c, and the derivative by c of its component along (w, 0, 1) is du/dt. Only samples with r &lt; t are differentiated; samples with
/// r = t are evaluated separately.
/// </summary>
public sealed class DoubleBackward : IDerivative
{
    /// <summary>
    /// The gradient by the inputs and its derivative by the cotangent: each takes one product for a weight and two for each product of
    /// attention.
    /// </summary>
    public DerivativeCost Cost { get; } = new("double backward", 2, 4, KeptEvaluations: 1, FusesMain: false);

    /// <inheritdoc/>
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var (rows, others) = IntervalRows.Of(r, t);
        if (rows.numel() == 0)
            return (u.At(z, r, t, [0]), zeros_like(z));
        if (others.numel() == 0)
            return Twice(u, z, w, r, t);

        Tensor Of(Tensor all) => all.index_select(0, rows);
        Tensor Rest(Tensor all) => all.index_select(0, others);
        var (some, derivative) = Twice(u.Rows(rows), Of(z), Of(w), Of(r), Of(t));
        var rest = u.Rows(others).At(Rest(z), Rest(r), Rest(t), [0]);
        return (cat([some, rest]).index_select(0, cat([rows, others]).argsort()), zeros_like(z).index_copy_(0, rows, derivative));
    }

    /// <inheritdoc/>
    public Tensor Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) => Twice(u, z, w, r, t).Derivative;

    private static (Tensor U, Tensor Derivative) Twice(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var graph = is_grad_enabled();
        using var on = enable_grad();
        var (zs, ts) = (z.detach().requires_grad_(true), t.detach().requires_grad_(true));
        var main = u.TwiceDifferentiable.At(zs, r, ts, [0]);
        var cotangent = zeros_like(main).requires_grad_(true);
        // With create_graph alone, the first pass would free the graph that the loss still needs.
        var product = autograd.grad([main], [zs, ts], [cotangent], retain_graph: true, create_graph: true);
        var along = (product[0] * w).sum() + product[1].sum();
        var derivative = autograd.grad([along], [cotangent], retain_graph: graph)[0].detach();
        return (graph ? main : main.detach(), derivative);
    }
}
