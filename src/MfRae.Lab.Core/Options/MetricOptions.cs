using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>One metric over a set of samples.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FidOptions), "fid")]
[JsonDerivedType(typeof(InceptionScoreOptions), "inceptionScore")]
[JsonDerivedType(typeof(ClassAccuracyOptions), "classAccuracy")]
[JsonDerivedType(typeof(EndpointErrorOptions), "endpointError")]
[JsonDerivedType(typeof(OracleMetricOptions), "oracle")]
public abstract record MetricOptions;

/// <summary>Fréchet distance of Gaussians fitted to features; one value per reference split.</summary>
public sealed record FidOptions : MetricOptions;

/// <summary>exp E KL(p(y|x) ‖ p(y)), the mean over <paramref name="Splits"/> equal parts.</summary>
public sealed record InceptionScoreOptions([property: OptionRange(1, 100)] int Splits = 1) : MetricOptions;

/// <summary>Fraction of samples that the feature network assigns to the label they were drawn for.</summary>
public sealed record ClassAccuracyOptions : MetricOptions;

/// <summary>Mean squared latent distance to the end of the teacher's ODE from the same noise (docs/method.md §8).</summary>
public sealed record EndpointErrorOptions : MetricOptions;

/// <summary>
/// What can be measured where everything is known (docs/method.md §6): deviations from the exact mean flow and from the one that
/// training converges to, the split of the loss, its gradient's variance, and quantiles of the target noise.
/// </summary>
/// <param name="GradientPoints">At how many points the gradient of the loss is taken apart.</param>
/// <param name="Draws">Draws of the one-point velocity at each of them, and for the quantiles.</param>
/// <param name="Tolerance">Relative tolerance of the solver of flows without a closed form.</param>
public sealed record OracleMetricOptions(
    [property: OptionRange(2, 100_000)] int GradientPoints = 256,
    [property: OptionRange(1, 10_000)] int Draws = 64,
    [property: OptionRange(1e-12, 1e-2)] double Tolerance = 1e-9) : MetricOptions;
