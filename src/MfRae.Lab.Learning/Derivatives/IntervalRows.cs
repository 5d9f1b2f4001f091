using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>The samples of a batch with r &lt; t, and those with r = t: each int64 [n], ascending.</summary>
internal readonly record struct IntervalRows(Tensor Spanned, Tensor Equal)
{
    /// <summary>
    /// The rows of times r ≤ t [B]. Their number decides shapes, so this reads one boolean a sample back from the device: the only such copy
    /// in a training step. Call it before the network is evaluated, when the device has little work to finish.
    /// </summary>
    public static IntervalRows Of(Tensor r, Tensor t)
    {
        var spans = (r < t).cpu();
        return new(Rows(spans), Rows(spans.logical_not()));

        Tensor Rows(Tensor mask) => mask.nonzero().flatten().Upload(t.device);
    }
}
