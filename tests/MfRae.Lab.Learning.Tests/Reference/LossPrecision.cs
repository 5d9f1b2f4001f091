using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>How closely losses are compared: each tolerance is relative to the largest value of its tensor.</summary>
/// <param name="Output">Of a network.</param>
/// <param name="Target">With a difference over 2δ in it.</param>
/// <param name="Error">Squared, of a sample or a batch.</param>
/// <param name="Weight">One over the square of that.</param>
internal sealed record LossPrecision(
    ScalarType Type, double Output, double Target, double Error, double Weight, double Gradient, double CmtGradient)
{
    public static LossPrecision Single { get; } = new(float32, 2e-5, 5e-4, 1e-4, 5e-4, 2e-3, 1e-5);

    public static LossPrecision Double { get; } = new(float64, 1e-9, 1e-9, 1e-9, 1e-9, 1e-8, 1e-9);
}
