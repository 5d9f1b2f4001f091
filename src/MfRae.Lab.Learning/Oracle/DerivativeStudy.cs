using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Measures the error of an estimator of du/dt at each of its steps δ, and predicts it: truncation from higher derivatives,
/// and rounding by its size at one step (docs/method.md §3).
/// </summary>
/// <param name="exact">The network's weights in float64.</param>
/// <param name="weights">The same weights in the type and with the precision of the estimate.</param>
public sealed class DerivativeStudy(DerivativeErrorOptions options, DitNetwork network, Weights exact, Weights weights)
{
    // Here rounding is measured. Any step would do: what is lost to it goes with 1 / δ.
    private const double RoundingDelta = 1e-3;

    /// <summary>The steps in ascending order, that of the estimator's own options among them; one null for an exact estimator.</summary>
    public IReadOnlyList<double?> Deltas { get; } = OwnDelta(options.Derivative) is { } own
        ? [.. options.Deltas.Append(own).Distinct().Order().Select(delta => (double?)delta)]
        : [null];

    /// <summary>The place of the estimator's own step among <see cref="Deltas"/>.</summary>
    public int Own => Deltas.ToList().IndexOf(OwnDelta(options.Derivative));

    /// <summary>
    /// Adds the errors at these points to those of each of <see cref="Deltas"/>, and returns for each sample what a difference of two
    /// evaluations loses to rounding, over ‖du/dt‖: [B]. Null for an exact estimator.
    /// </summary>
    public Tensor? Add(DerivativePoints points, IReadOnlyList<DerivativeErrors> errors)
    {
        var (wide, narrow) = (points.To(ScalarType.Float64), points.To(weights.Type));
        var derivatives = ExactDerivatives.Of(network, exact, wide);
        var size = ExactDerivatives.Norm(derivatives.First);
        Tensor Off(IDerivative estimator, Tensor from) =>
            ExactDerivatives.Norm(narrow.Estimate(estimator, network, weights).to_type(ScalarType.Float64) - from) / size;

        if (IDerivative.Create(options.Derivative) is not FiniteDifference)
        {
            errors[0].Add(Off(IDerivative.Create(options.Derivative), derivatives.First));
            return null;
        }

        // The same quotient in float64 is off by the same truncation: what is left is rounding.
        var fixedStep = At(RoundingDelta);
        var loss = Off(fixedStep, wide.Estimate(fixedStep, network, exact)) * Width(fixedStep, wide);
        for (var i = 0; i < Deltas.Count; i++)
        {
            var estimator = At(Deltas[i]!.Value);
            var (a, b) = estimator.Span(wide.R, wide.T);
            errors[i].Add(Off(estimator, derivatives.First), loss / (a - b).abs(), derivatives.Truncation(a, b) / size);
        }
        return loss;
    }

    private static double? OwnDelta(DerivativeOptions options) => options switch
    {
        CentralDifferenceOptions central => central.Delta,
        ForwardDifferenceOptions forward => forward.Delta,
        _ => null,
    };

    private static Tensor Width(FiniteDifference estimator, DerivativePoints at)
    {
        var (a, b) = estimator.Span(at.R, at.T);
        return (a - b).abs();
    }

    private FiniteDifference At(double delta) => (FiniteDifference)IDerivative.Create(options.Derivative switch
    {
        CentralDifferenceOptions central => central with { Delta = delta },
        ForwardDifferenceOptions forward => forward with { Delta = delta },
        var other => throw new NotSupportedException($"{other.GetType().Name} has no step"),
    });
}
