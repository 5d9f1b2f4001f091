using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided where a probe would leave [r, 1] (docs/method.md §3).</summary>
public sealed class CentralDifference(double delta, bool clampEnds) : IDerivative
{
    public Tensor Estimate(AverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var up = full_like(t, delta);
        var down = full_like(t, delta);
        if (clampEnds)
        {
            up = where(t + delta > 1, zeros_like(t), up);
            down = where(t - delta < r, zeros_like(t), down);
            // Between two ends closer than 2δ, where neither side fits, the probes go as far as there is room.
            var stuck = (up + down) == 0;
            up = where(stuck, 1 - t, up);
            down = where(stuck, t - r, down);
        }
        var ahead = u(z + (LinearPath.Spread(up) * w), r, t + up, 1);
        var behind = u(z - (LinearPath.Spread(down) * w), r, t - down, 2);
        return (ahead - behind) / LinearPath.Spread(up + down);
    }
}
