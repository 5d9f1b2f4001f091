using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The first three derivatives of g(s) = u(z + s w, r, t + s) at s = 0, each [B, C, H, W] in float64: du/dt itself by forward
/// mode, the others by central differences of it.
/// </summary>
public sealed record ExactDerivatives(Tensor First, Tensor Second, Tensor Third)
{
    // In float64 the differences lose some 1e-9 to rounding and 1e-5 to truncation.
    private const double Distance = 1e-3;

    // Below this angle sin x / x is 1 in float64.
    private const double SmallAngle = 1e-9;

    /// <param name="at">In float64, as the weights.</param>
    public static ExactDerivatives Of(DitNetwork network, Weights weights, DerivativePoints at)
    {
        // Not by way of an estimator, which would take the derivative as zero where the distance leads below r.
        Tensor First(double distance)
        {
            var (z, t) = (at.Z + (at.W * distance), at.T + distance);
            return network.AverageVelocity(weights, new Dual(z, at.W), at.R, new Dual(t, ones_like(t)), at.Y[0]).Tangent!;
        }
        var (here, ahead, behind) = (First(0), First(Distance), First(-Distance));
        return new(here, (ahead - behind) / (2 * Distance), (ahead - (2 * here) + behind) / (Distance * Distance));
    }

    /// <summary>
    /// How far the quotient (g(a) - g(b)) / (a - b) should be from g′ for each sample, a, b [B] → [B] (docs/method.md §3):
    /// Taylor's formula to third order, (a + b) g″/2 + (a² + ab + b²) g‴/6, times what an oscillation of frequency
    /// ω = sqrt(‖g‴‖ / ‖g′‖) falls short of it.
    /// </summary>
    public Tensor Truncation(Tensor a, Tensor b)
    {
        var taylor = (LinearPath.Spread((a + b) / 2) * Second) + (LinearPath.Spread(((a * a) + (a * b) + (b * b)) / 6) * Third);
        return Norm(taylor) * Saturation((Norm(Third) / Norm(First)).sqrt(), (a + b) / 2, (a - b) / 2);
    }

    /// <summary>The norm of each sample: [B, C, H, W] → [B].</summary>
    public static Tensor Norm(Tensor x) => x.square().sum([1, 2, 3]).sqrt();

    // For g = exp(iωs) the quotient over the points m ± h is g′ exp(iωm) sinc(ωh): its distance from g′, over that distance to second
    // order in ω. The points never coincide, so the latter is not zero.
    private static Tensor Saturation(Tensor omega, Tensor middle, Tensor half)
    {
        var (turn, angle) = (omega * middle, (omega * half).abs().clamp(min: SmallAngle));
        var sinc = angle.sin() / angle;
        var (real, imaginary) = ((turn.cos() * sinc) - 1, turn.sin() * sinc);
        var secondOrder = (turn.square() / 2) + (angle.square() / 6);
        return (real.square() + imaginary.square()).sqrt() / (secondOrder.square() + turn.square()).sqrt();
    }
}
