using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Measures the error of an estimator of du/dt at each of its steps δ, and predicts it: truncation from higher derivatives,
/// and rounding by its size at one step (docs/method.md §3).
/// </summary>
/// <param name="exact">The network's weights in float64.</param>
/// <param name="weights">The same weights in the type and with the precision of the estimate.</param>
public sealed class DerivativeStudy(DerivativeErrorOptions options, GeneratorNetwork network, Weights exact, Weights weights)
{
    // The step at which rounding is measured. Any step would do, because the rounding error is proportional to 1 / δ.
    private const double RoundingDelta = 1e-3;

    /// <summary>
    /// The steps in ascending order, including the step of the estimator's options; a single null for an exact estimator.
    /// </summary>
    public IReadOnlyList<double?> Deltas { get; } = OwnDelta(options.Derivative) is { } own
        ? [.. options.Deltas.Append(own).Distinct().Order().Select(delta => (double?)delta)]
        : [null];

    /// <summary>The index in <see cref="Deltas"/> of the step of the estimator's options.</summary>
    public int Own => Deltas.ToList().IndexOf(OwnDelta(options.Derivative));

    /// <summary>
    /// Adds the errors at these points for each of <see cref="Deltas"/>, and returns the rounding error of a difference of two evaluations
    /// of each sample, relative to ‖du/dt‖: [B]. Null for an exact estimator.
    /// </summary>
    public Tensor? Add(DerivativePoints points, IReadOnlyList<DerivativeErrors> errors)
    {
        var (wide, narrow) = (points.To(ScalarType.Float64), points.To(weights.Type));
        var derivatives = InDisposeScope(() => ExactDerivatives.Of(network, exact, wide), all => [all.First, all.Second, all.Third]);
        var size = ExactDerivatives.Norm(derivatives.First);
        Tensor Estimate(IDerivative estimator) =>
            InDisposeScope(() => narrow.Estimate(estimator, network, weights).to_type(ScalarType.Float64), estimate => [estimate]);
        Tensor Off(IDerivative estimator, Tensor from) => ExactDerivatives.Norm(Estimate(estimator) - from) / size;

        if (options.Derivative is not IDifferenceOptions)
        {
            errors[0].Add(Off(IDerivative.Create(options.Derivative), derivatives.First));
            return null;
        }

        // The same quotient in float64 has the same truncation error: the difference is rounding.
        var fixedStep = At(RoundingDelta);
        var loss = Off(fixedStep, InDisposeScope(() => wide.Estimate(fixedStep, network, exact), estimate => [estimate])) * Width(fixedStep, wide);
        for (var i = 0; i < Deltas.Count; i++)
        {
            var estimator = At(Deltas[i]!.Value);
            var (a, b) = estimator.Span(wide.R, wide.T);
            errors[i].Add(Off(estimator, derivatives.First), loss / Width(estimator, wide), derivatives.Truncation(a, b) / size);
        }
        return loss;
    }

    // A batch takes about thirty evaluations of the network: the intermediate values of each are freed before the next.
    private static T InDisposeScope<T>(Func<T> evaluate, Func<T, Tensor[]> kept)
    {
        using var scope = NewDisposeScope();
        var result = evaluate();
        foreach (var tensor in kept(result))
            tensor.MoveToOuterDisposeScope();
        return result;
    }

    private static double? OwnDelta(DerivativeOptions options) => (options as IDifferenceOptions)?.Delta;

    private static Tensor Width(FiniteDifference estimator, DerivativePoints at)
    {
        var (a, b) = estimator.Span(at.R, at.T);
        return (a - b).abs();
    }

    private FiniteDifference At(double delta) =>
        (FiniteDifference)IDerivative.Create(((IDifferenceOptions)options.Derivative).WithDelta(delta));
}

/// <summary>Relative errors ‖estimate - exact‖ / ‖exact‖ of many samples, and their predictions.</summary>
public sealed class DerivativeErrors
{
    private readonly List<double> _measured = [];
    private readonly List<double> _rounding = [];
    private readonly List<double> _truncation = [];

    /// <summary>The number of samples.</summary>
    public long Count => _measured.Count;

    /// <summary>Root mean square over the samples.</summary>
    public double? Measured => RootMeanSquare(_measured);

    /// <summary>The median over the samples.</summary>
    public double? Median => Quantile(0.5);

    /// <summary>The 99 % quantile over the samples.</summary>
    public double? Tail => Quantile(0.99);

    /// <summary>Root mean square of the predicted rounding errors; null for an exact estimator.</summary>
    public double? Rounding => RootMeanSquare(_rounding);

    /// <summary>Root mean square of the predicted truncation errors; null for an exact estimator.</summary>
    public double? Truncation => RootMeanSquare(_truncation);

    /// <summary>The predicted error: the root of the sum of both squares, because they are independent.</summary>
    public double? Predicted => Rounding is { } rounding && Truncation is { } truncation ? double.Hypot(rounding, truncation) : null;

    /// <summary>Adds the errors of a batch, each float64 [B].</summary>
    public void Add(Tensor measured, Tensor? rounding = null, Tensor? truncation = null)
    {
        Append(_measured, measured);
        Append(_rounding, rounding);
        Append(_truncation, truncation);
    }

    private static void Append(List<double> values, Tensor? more)
    {
        if (more is not null)
            values.AddRange(more.cpu().data<double>());
    }

    private static double? RootMeanSquare(List<double> values) =>
        values.Count == 0 ? null : Math.Sqrt(values.Average(value => value * value));

    private double? Quantile(double share) =>
        _measured.Count == 0 ? null : _measured.Order().ElementAt((int)Math.Ceiling(share * _measured.Count) - 1);
}

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
    public static ExactDerivatives Of(GeneratorNetwork network, Weights weights, DerivativePoints at)
    {
        // Without an estimator, which would return a zero derivative where the distance leads below r.
        Tensor First(double distance)
        {
            var (z, t) = (at.Z + (at.W * distance), at.T + distance);
            return network.AverageVelocity(weights, new Dual(z, at.W), at.R, new Dual(t, ones_like(t)), at.Y[0]).Tangent!;
        }
        var (here, ahead, behind) = (First(0), First(Distance), First(-Distance));
        return new(here, (ahead - behind) / (2 * Distance), (ahead - (2 * here) + behind) / (Distance * Distance));
    }

    /// <summary>
    /// The predicted distance of the quotient (g(a) - g(b)) / (a - b) from g′ for each sample, a, b [B] → [B] (docs/method.md §3):
    /// Taylor's formula to third order, (a + b) g″/2 + (a² + ab + b²) g‴/6, times the factor by which an oscillation of frequency
    /// ω = sqrt(‖g‴‖ / ‖g′‖) remains below it.
    /// </summary>
    public Tensor Truncation(Tensor a, Tensor b)
    {
        var taylor = (LinearPath.BroadcastOverLatent((a + b) / 2) * Second) + (LinearPath.BroadcastOverLatent(((a * a) + (a * b) + (b * b)) / 6) * Third);
        return Norm(taylor) * Saturation((Norm(Third) / Norm(First)).sqrt(), (a + b) / 2, (a - b) / 2);
    }

    /// <summary>The norm of each sample: [B, C, H, W] → [B].</summary>
    public static Tensor Norm(Tensor x) => x.square().sum([1, 2, 3]).sqrt();

    // For g = exp(iωs) the quotient over the points m ± h is g′ exp(iωm) sinc(ωh). The factor is its distance from g′, divided by the same
    // distance to second order in ω, which is not zero because the points never coincide.
    private static Tensor Saturation(Tensor omega, Tensor middle, Tensor half)
    {
        var (turn, angle) = (omega * middle, (omega * half).abs().clamp(min: SmallAngle));
        var sinc = angle.sin() / angle;
        var (real, imaginary) = ((turn.cos() * sinc) - 1, turn.sin() * sinc);
        var secondOrder = (turn.square() / 2) + (angle.square() / 6);
        return (real.square() + imaginary.square()).sqrt() / (secondOrder.square() + turn.square()).sqrt();
    }
}
