using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Draws points as MeanFlow training does, for samples with r &lt; t.</summary>
/// <param name="teacher">v_φ, or null where λ is 0.</param>
public sealed class DerivativeSampler(DerivativeErrorOptions options, ILatentSource source, VelocityField? teacher)
{
    /// <summary>Points with t below this are early; estimates are worse there (docs/method.md §8).</summary>
    public const double EarlyTime = 0.1;

    // The later of two uniform times is below 0.1 in one of a hundred cases.
    private const long PairsPerEarlySample = 200;

    private readonly TimeSampler _times = new(options.Time, TimeShift.For(options.Time, source.Shape), source.Random);

    /// <summary>The points of a batch, float32.</summary>
    public DerivativePoints Draw(long step)
    {
        var (r, t) = _times.Pair(step, source.BatchSize, equalFraction: 0);
        return At(step, r, t);
    }

    /// <summary>Early points, at most a batch; null where no point is early.</summary>
    public DerivativePoints? DrawEarly(long step)
    {
        var (r, t) = _times.Pair(step, source.BatchSize * PairsPerEarlySample, equalFraction: 0);
        var rows = First((t < EarlyTime).nonzero().flatten(), source.BatchSize);
        return rows.shape[0] == 0 ? null : At(step, r.index_select(0, rows), t.index_select(0, rows));
    }

    private DerivativePoints At(long step, Tensor r, Tensor t)
    {
        var (all, labels) = source.Draw(step);
        Tensor Labels(string purpose) => First(source.Drop(labels, options.LabelDropout, purpose, step), t.shape[0]);
        var y = Labels("label dropout");
        Tensor Probe(int probe) => options.Derivative.SharesDropout() ? y : Labels($"label dropout of probe {probe}");

        var x = First(all, t.shape[0]);
        var noise = First(source.Noise(step, source.BatchSize), t.shape[0]);
        var z = LinearPath.At(x, noise, t);
        var w = LinearPath.Velocity(x, noise);
        return new(z, teacher is null || options.Lambda == 0 ? w : lerp(w, teacher(z, t, y), options.Lambda), r, t, [y, Probe(1), Probe(2)]);
    }

    private static Tensor First(Tensor all, long count) => all.slice(0, 0, Math.Min(count, all.shape[0]), 1);
}

/// <summary>
/// Points at which derivatives of u(z, r, t, y) along (w, 0, 1) are compared: z, w [B, C, H, W], r &lt; t [B].
/// </summary>
/// <param name="Y">The labels int64 [B] of the main evaluation, and of the two probes.</param>
public sealed record DerivativePoints(Tensor Z, Tensor W, Tensor R, Tensor T, IReadOnlyList<Tensor> Y)
{
    /// <summary>The first points, at most <paramref name="count"/>.</summary>
    public DerivativePoints First(long count)
    {
        Tensor Of(Tensor all) => all.slice(0, 0, Math.Min(count, all.shape[0]), 1);
        return new(Of(Z), Of(W), Of(R), Of(T), [.. Y.Select(Of)]);
    }

    /// <summary>The points in another type.</summary>
    public DerivativePoints To(ScalarType type) => new(Z.to_type(type), W.to_type(type), R.to_type(type), T.to_type(type), Y);

    /// <summary>The estimate of du/dt for a network, in the type of the points and the weights.</summary>
    public Tensor Estimate(IDerivative estimator, GeneratorNetwork network, Weights weights) =>
        estimator.Evaluate(new NetworkVelocity(network, weights, probe => Y[probe]), Z, W, R, T).Derivative;
}
