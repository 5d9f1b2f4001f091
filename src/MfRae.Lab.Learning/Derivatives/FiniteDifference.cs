using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>
/// The part that both difference quotients share: probes u(z + o w, r, t + o) at offsets o of time, one or two for each sample, and
/// their evaluation.
/// </summary>
/// <param name="name">The estimator in words, for the cost table.</param>
/// <param name="probes">Probes of a sample.</param>
/// <param name="concatenated">
/// Evaluate all samples and their probes in one batch with gradients on, as the released code does (docs/method.md §4, E);
/// otherwise the probes of samples with r &lt; t, without gradients.
/// </param>
public abstract class FiniteDifference(string name, int probes, bool concatenated) : IDerivative
{
    /// <inheritdoc/>
    public DerivativeCost Cost => DerivativeCost.Probes(name, probes, concatenated);

    /// <inheritdoc/>
    public (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) =>
        concatenated ? EvaluateConcatenated(u, z, w, r, t) : IntervalRows.EstimateSeparately(u, z, w, r, t, Quotient);

    /// <inheritdoc/>
    public Tensor Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t) =>
        Quotient(() => u.At(z, r, t, [0]), u, z, w, r, t);

    /// <summary>
    /// Offsets a, b in time, each [B], of the two evaluations whose quotient (g(a) - g(b)) / (a - b) is the estimate, with
    /// g(s) = u(z + s w, r, t + s). One offset is zero where the main evaluation takes part.
    /// </summary>
    public (Tensor A, Tensor B) Span(Tensor r, Tensor t) => Offsets(r, t) is [var a, var b] ? (a, b) : (Offsets(r, t)[0], zeros_like(t));

    /// <summary>Offsets of the probes in time, each [B].</summary>
    protected abstract Tensor[] Offsets(Tensor r, Tensor t);

    /// <summary>The quotient, from the main evaluation, if the estimator uses it, and one probe for each offset.</summary>
    protected abstract Tensor Quotient(Func<Tensor> main, Tensor[] probes, Tensor[] offsets);

    private Tensor Quotient(Func<Tensor> main, IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var offsets = Offsets(r, t);
        var probes = u.At(
            cat([.. offsets.Select(offset => z + (LinearPath.BroadcastOverLatent(offset) * w))]),
            cat([.. Enumerable.Repeat(r, offsets.Length)]),
            cat([.. offsets.Select(offset => t + offset)]),
            [.. Enumerable.Range(1, offsets.Length)]).chunk(offsets.Length);
        return Quotient(main, probes, offsets);
    }

    private (Tensor U, Tensor Derivative) EvaluateConcatenated(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t)
    {
        var offsets = Offsets(r, t);
        var copies = offsets.Length + 1;
        var parts = u.At(
            cat([z, .. offsets.Select(offset => z + (LinearPath.BroadcastOverLatent(offset) * w))]),
            cat([.. Enumerable.Repeat(r, copies)]),
            cat([t, .. offsets.Select(offset => t + offset)]),
            [.. Enumerable.Range(0, copies)]).chunk(copies);
        using var quiet = no_grad();
        var quotient = Quotient(() => parts[0], parts[1..], offsets);
        // For r = t all offsets may be zero.
        return (parts[0], where(LinearPath.BroadcastOverLatent(r < t), quotient, zeros_like(quotient)));
    }
}

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided where a probe would leave [r, 1] (docs/method.md §3).</summary>
public sealed class CentralDifference(CentralDifferenceOptions options)
    : FiniteDifference("central difference", 2, options.Batching == "concatenated")
{
    /// <inheritdoc/>
    protected override Tensor[] Offsets(Tensor r, Tensor t)
    {
        var up = full_like(t, options.Delta);
        var down = full_like(t, options.Delta);
        if (options.ClampEnds)
        {
            up = where(t + options.Delta > 1, zeros_like(t), up);
            down = where(t - options.Delta < r, zeros_like(t), down);
            // Between two ends closer than 2δ, where neither side fits, the probes go to both ends.
            var stuck = (up + down) == 0;
            up = where(stuck, 1 - t, up);
            down = where(stuck, t - r, down);
        }
        return [up, -down];
    }

    /// <inheritdoc/>
    protected override Tensor Quotient(Func<Tensor> main, Tensor[] probes, Tensor[] offsets) =>
        (probes[0] - probes[1]) / LinearPath.BroadcastOverLatent(offsets[0] - offsets[1]);
}

/// <summary>
/// (u(z + δw, r, t + δ) - u(z, r, t)) / δ, taken backward where t + δ &gt; 1 (docs/method.md §3). The main evaluation is one of the
/// two points.
/// </summary>
public sealed class ForwardDifference(ForwardDifferenceOptions options)
    : FiniteDifference("forward difference", 1, options.Batching == "concatenated")
{
    /// <inheritdoc/>
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

    /// <inheritdoc/>
    protected override Tensor Quotient(Func<Tensor> main, Tensor[] probes, Tensor[] offsets) =>
        (probes[0] - main()) / LinearPath.BroadcastOverLatent(offsets[0]);
}
