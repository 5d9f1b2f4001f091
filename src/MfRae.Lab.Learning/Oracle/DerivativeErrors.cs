using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Relative errors ‖estimate - exact‖ / ‖exact‖ of many samples, and what each should be.</summary>
public sealed class DerivativeErrors
{
    private readonly List<double> _measured = [];
    private readonly List<double> _rounding = [];
    private readonly List<double> _truncation = [];

    public long Count => _measured.Count;

    /// <summary>Root mean square over the samples.</summary>
    public double? Measured => RootMeanSquare(_measured);

    public double? Median => Quantile(0.5);

    /// <summary>What 99 % of the samples keep below.</summary>
    public double? Tail => Quantile(0.99);

    /// <summary>Root mean square of what rounding should cause; null for an exact estimator.</summary>
    public double? Rounding => RootMeanSquare(_rounding);

    /// <summary>Root mean square of what truncation should cause; null for an exact estimator.</summary>
    public double? Truncation => RootMeanSquare(_truncation);

    /// <summary>Both together: they are independent.</summary>
    public double? Predicted => Rounding is { } rounding && Truncation is { } truncation ? double.Hypot(rounding, truncation) : null;

    /// <summary>Takes in the errors of a batch, each float64 [B].</summary>
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
