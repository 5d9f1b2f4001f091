using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>The exact derivative, by carrying the tangent (w, 0, 1) through the network with its input (docs/method.md §3).</summary>
public sealed class ForwardMode : ExactDerivative
{
    protected override (Tensor U, Tensor Derivative) Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var (primal, tangent) = u.At(new Dual(z, w), r, new Dual(t, ones_like(t)));
        return (primal, tangent ?? zeros_like(primal));
    }
}
