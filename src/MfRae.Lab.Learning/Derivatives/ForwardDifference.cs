using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// (u(z + δw, r, t + δ) - u(z, r, t)) / δ, taken backward where t + δ &gt; 1 (docs/method.md §3). The main evaluation is one of
/// the two.
/// </summary>
public sealed class ForwardDifference(ForwardDifferenceOptions options) : FiniteDifference(options.Batching == "concatenated")
{
    protected override Tensor[] Offsets(Tensor r, Tensor t)
    {
        var ahead = full_like(t, options.Delta);
        if (!options.ClampEnds)
            return [ahead];
        // Between two ends closer than 2δ, where neither side may fit, the probe goes to the farther end.
        var (room, back) = (1 - t, t - r);
        var farther = where(room > back, room, -back);
        return [where(t + options.Delta > 1, where(t - options.Delta < r, farther, -ahead), ahead)];
    }

    protected override Tensor Quotient(Tensor main, Tensor[] probes, Tensor[] offsets) =>
        (probes[0] - main) / LinearPath.Spread(offsets[0]);
}
