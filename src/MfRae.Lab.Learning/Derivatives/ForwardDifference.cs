using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>(u(z + δw, r, t + δ) - u(z, r, t)) / δ, taken backward where t + δ &gt; 1 (docs/method.md §3).</summary>
public sealed class ForwardDifference(double delta) : IDerivative
{
    public Tensor Estimate(AverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var signed = where(t + delta > 1, full_like(t, -delta), full_like(t, delta));
        var moved = u(z + (LinearPath.Spread(signed) * w), r, t + signed, 1);
        return (moved - u(z, r, t, 0)) / LinearPath.Spread(signed);
    }
}
