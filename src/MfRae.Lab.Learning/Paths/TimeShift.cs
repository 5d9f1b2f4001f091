using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>
/// The shift of times towards noise that a larger latent needs (docs/method.md §1): t ← s t / (1 + (s - 1) t).
/// </summary>
public sealed class TimeShift(double scale)
{
    private const double ReferenceDimension = 4096;

    /// <summary>s; 1 shifts nothing.</summary>
    public double Scale { get; } = scale;

    /// <summary>s = sqrt(D / 4096), at least 1.</summary>
    public static TimeShift For(LatentShape shape) => new(Math.Max(1, Math.Sqrt(shape.Dimension / ReferenceDimension)));

    /// <summary>Element-wise; 0 and 1 stay where they are.</summary>
    public Tensor Apply(Tensor t) => Scale * t / (1 + ((Scale - 1) * t));

    public double Apply(double t) => Scale * t / (1 + ((Scale - 1) * t));

    /// <summary>
    /// The shifted grid of <paramref name="steps"/> equal steps from 1 down to <paramref name="end"/>, which is a time before the
    /// shift: steps + 1 times.
    /// </summary>
    public double[] Grid(int steps, double end = 0) =>
        [.. Enumerable.Range(0, steps + 1).Select(i => Apply(1 - ((1 - end) * i / steps)))];
}
