using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// The exact derivative by two reverse passes (docs/method.md §3): the product of a cotangent c with the Jacobian is linear in
/// c, and the derivative of that product's component along (w, 0, 1) by c is the one that is asked for.
/// </summary>
public sealed class DoubleBackward : ExactDerivative
{
    protected override (Tensor U, Tensor Derivative) Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var graph = is_grad_enabled();
        using var on = enable_grad();
        var (zs, ts) = (z.detach().requires_grad_(true), t.detach().requires_grad_(true));
        var main = u.At(zs, r, ts, [0]);
        var cotangent = zeros_like(main).requires_grad_(true);
        // create_graph alone would let the first pass free the graph that the loss still needs.
        var product = autograd.grad([main], [zs, ts], [cotangent], retain_graph: true, create_graph: true);
        var along = (product[0] * w).sum() + product[1].sum();
        var derivative = autograd.grad([along], [cotangent], retain_graph: graph)[0].detach();
        return (graph ? main : main.detach(), derivative);
    }
}
