using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided where a probe would leave [r, 1] (docs/method.md §3).</summary>
public sealed class CentralDifference(CentralDifferenceOptions options) : FiniteDifference(options.Batching == "concatenated")
{
    protected override Tensor[] Offsets(Tensor r, Tensor t)
    {
        var up = full_like(t, options.Delta);
        var down = full_like(t, options.Delta);
        if (options.ClampEnds)
        {
            up = where(t + options.Delta > 1, zeros_like(t), up);
            down = where(t - options.Delta < r, zeros_like(t), down);
            // Between two ends closer than 2δ, where neither side fits, the probes go as far as there is room.
            var stuck = (up + down) == 0;
            up = where(stuck, 1 - t, up);
            down = where(stuck, t - r, down);
        }
        return [up, -down];
    }

    protected override Tensor Quotient(Tensor main, Tensor[] probes, Tensor[] offsets) =>
        (probes[0] - probes[1]) / LinearPath.Spread(offsets[0] - offsets[1]);
}
