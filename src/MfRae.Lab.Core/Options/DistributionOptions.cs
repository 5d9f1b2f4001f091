using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>A distribution of data whose velocity, covariance and flow are known (docs/method.md §6).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RingDistributionOptions), "ring")]
[JsonDerivedType(typeof(GaussianDistributionOptions), "gaussian")]
[JsonDerivedType(typeof(LineDistributionOptions), "mixture1d")]
public abstract record DistributionOptions;

/// <summary>One Gaussian in as many dimensions as <paramref name="Mean"/> has numbers.</summary>
/// <param name="Covariance">Its rows; symmetric and positive definite.</param>
public sealed record GaussianDistributionOptions(
    [property: OptionRange(-1000, 1000)] IReadOnlyList<double> Mean,
    [property: OptionRange(-1000, 1000)] IReadOnlyList<IReadOnlyList<double>> Covariance) : DistributionOptions;

/// <summary>Round Gaussians of equal weight in the plane, evenly on a circle around the origin.</summary>
/// <param name="Deviation">Standard deviation of each.</param>
public sealed record RingDistributionOptions(
    [property: OptionRange(1, 1000)] int Modes = 8,
    [property: OptionRange(0, 1000)] double Radius = 4,
    [property: OptionRange(1e-3, 1000)] double Deviation = 0.3) : DistributionOptions;

/// <summary>A mixture of Gaussians on the line, whose flow is known exactly by its quantiles.</summary>
/// <param name="Weights">In any unit: they are divided by their sum.</param>
/// <param name="Deviations">Standard deviations.</param>
public sealed record LineDistributionOptions(
    [property: OptionRange(1e-6, 1e6)] IReadOnlyList<double> Weights,
    [property: OptionRange(-1000, 1000)] IReadOnlyList<double> Means,
    [property: OptionRange(1e-3, 1000)] IReadOnlyList<double> Deviations) : DistributionOptions;
