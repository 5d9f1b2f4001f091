using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// What training converges to (docs/method.md §5): the mean over [r, t] of the velocity that is aimed at, along the trajectory of the
/// velocity in whose direction the derivative is taken. Where the two are one, this is the mean flow of its ODE.
/// </summary>
/// <param name="tangent">(z [B, d], t [B]) → [B, d]: the velocity that z follows.</param>
/// <param name="aim">(z, t) → [B, d]: the velocity that is averaged.</param>
/// <param name="tolerance">Relative tolerance of the solver.</param>
public sealed class FixedPoint(Func<Tensor, Tensor, Tensor> tangent, Func<Tensor, Tensor, Tensor> aim, double tolerance)
{
    /// <summary>z [B, d], r ≤ t [B] → u [B, d]; for r = t the velocity aimed at.</summary>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var size = z.shape[1];
        var way = (r - t).unsqueeze(1);
        Tensor Slope(Tensor state, double s)
        {
            var (at, now) = (state.narrow(1, 0, size), t + (s * (r - t)));
            var followed = tangent(at, now);
            // The mean over the unit interval of s is the mean over [r, t]: nothing is divided by a short interval.
            return cat([way * followed, aim == tangent ? followed : aim(at, now)], 1);
        }

        return DormandPrince.Solve(Slope, cat([z, zeros_like(z)], 1), tolerance).narrow(1, size, size);
    }
}
