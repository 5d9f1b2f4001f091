using MfRae.Lab.Core.Options;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>Estimates du/dt along (w, 0, 1) (docs/method.md §3).</summary>
public interface IDerivative
{
    /// <summary>
    /// z, w [B, C, H, W], r &lt; t [B] → the derivative [B, C, H, W]. Called with gradients disabled, and only for samples
    /// with r &lt; t.
    /// </summary>
    Tensor Estimate(AverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);

    static IDerivative Create(DerivativeOptions options) => options switch
    {
        CentralDifferenceOptions central => new CentralDifference(central.Delta, central.ClampEnds),
        ForwardDifferenceOptions forward => new ForwardDifference(forward.Delta),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no estimator"),
    };
}
