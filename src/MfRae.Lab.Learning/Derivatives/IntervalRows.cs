using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>The samples of a batch with r &lt; t, and those with r = t: each int64 [n], ascending.</summary>
internal readonly record struct IntervalRows(Tensor Spanned, Tensor Equal)
{
    /// <summary>
    /// The rows of times r ≤ t [B]. Their number decides shapes, so this reads one boolean a sample back from the device. A
    /// training step has one or two such copies. Call it before the network is evaluated, when the device has little work to finish.
    /// </summary>
    public static IntervalRows Of(Tensor r, Tensor t) => Of(r < t);

    /// <summary>The rows of a mask [B], those where it is true first.</summary>
    public static IntervalRows Of(Tensor mask)
    {
        var spans = mask.cpu();
        return new(Rows(spans), Rows(spans.logical_not()));

        Tensor Rows(Tensor some) => some.nonzero().flatten().Upload(mask.device);
    }

    /// <summary>
    /// u of the batch with its graph, and a separate estimate of du/dt for the samples with r &lt; t, without gradient: zero for the others.
    /// </summary>
    public static (Tensor U, Tensor Derivative) EstimateSeparately(
        IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t, SeparateEstimate estimate)
    {
        var rows = Of(r, t).Spanned;
        var main = u.At(z, r, t, [0]);
        using var quiet = no_grad();
        var derivative = zeros_like(main);
        if (rows.numel() == 0)
            return (main, derivative);

        Tensor Some(Tensor all) => all.index_select(0, rows);
        return (main, derivative.index_copy_(0, rows, estimate(() => Some(main), u.Rows(rows), Some(z), Some(w), Some(r), Some(t))));
    }
}

/// <summary>du/dt of some samples [n, C, H, W] along w, without gradient.</summary>
/// <param name="main">Their main evaluation.</param>
/// <param name="u">u at their labels.</param>
internal delegate Tensor SeparateEstimate(Func<Tensor> main, IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);
