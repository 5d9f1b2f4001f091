using MfRae.Lab.Core.Options;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>Evaluates u and estimates du/dt along (w, 0, 1) (docs/method.md §3).</summary>
public interface IDerivative
{
    /// <summary>
    /// z, w [B, C, H, W], r ≤ t [B] → u(z, r, t) of the main evaluation, in the caller's gradient mode, and du/dt, which
    /// carries no gradient; both [B, C, H, W]. Where r = t the derivative is not needed, since (t - r) multiplies it: it is
    /// zero there, and each estimator spares what it can of the work for it.
    /// </summary>
    (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);

    static IDerivative Create(DerivativeOptions options) => options switch
    {
        JvpOptions => new ForwardMode(),
        JvpDoubleBackwardOptions => new DoubleBackward(),
        CentralDifferenceOptions central => new CentralDifference(central),
        ForwardDifferenceOptions forward => new ForwardDifference(forward),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no estimator"),
    };
}
