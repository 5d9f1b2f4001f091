using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Mean and variance of a random vector from independent points, at each of which its own mean is known.</summary>
internal sealed class Moments
{
    private Tensor? _sum;
    private double _meanSquares;
    private double _squares;
    private long _count;

    /// <summary>‖E g‖², without bias: what the squares of the single points add to the square of their sum is taken out.</summary>
    public double SquaredMean => Math.Max(0, (_sum!.square().sum().item<double>() - _meanSquares) / (_count * (_count - 1)));

    /// <summary>E‖g‖² - ‖E g‖².</summary>
    public double Variance => (_squares / _count) - SquaredMean;

    /// <param name="mean">E[g | point].</param>
    /// <param name="square">E[‖g‖² | point]; absent: g is fixed by the point.</param>
    public void Add(Tensor mean, double? square = null)
    {
        var own = mean.square().sum().item<double>();
        _meanSquares += own;
        _squares += square ?? own;
        _count++;
        _sum ??= zeros_like(mean).DetachFromDisposeScope();
        _sum.add_(mean);
    }
}
