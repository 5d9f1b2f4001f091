using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// What the exact derivatives share: u and its derivative come out of one evaluation of the samples with r &lt; t; the others
/// are evaluated beside it without derivative.
/// </summary>
public abstract class ExactDerivative : IDerivative
{
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var spans = r < t;
        var (rows, others) = (spans.nonzero().flatten(), spans.logical_not().nonzero().flatten());
        if (others.numel() == 0)
            return Differentiate(u, z, w, r, t);
        if (rows.numel() == 0)
            return (u.At(z, r, t, [0]), zeros_like(z));

        Tensor Of(Tensor all) => all.index_select(0, rows);
        Tensor Rest(Tensor all) => all.index_select(0, others);
        var (some, derivative) = Differentiate(u.Rows(rows), Of(z), Of(w), Of(r), Of(t));
        var rest = u.Rows(others).At(Rest(z), Rest(r), Rest(t), [0]);
        return (cat([some, rest]).index_select(0, cat([rows, others]).argsort()), zeros_like(z).index_copy_(0, rows, derivative));
    }

    /// <summary>As <see cref="Evaluate"/>, with r &lt; t for all samples.</summary>
    protected abstract (Tensor U, Tensor Derivative) Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);
}
