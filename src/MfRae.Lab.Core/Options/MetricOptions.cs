using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>One metric over a set of samples.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FidOptions), "fid")]
[JsonDerivedType(typeof(InceptionScoreOptions), "inceptionScore")]
[JsonDerivedType(typeof(ClassAccuracyOptions), "classAccuracy")]
[JsonDerivedType(typeof(EndpointErrorOptions), "endpointError")]
public abstract record MetricOptions;

/// <summary>Fréchet distance of Gaussians fitted to features; one value per reference split.</summary>
public sealed record FidOptions : MetricOptions;

/// <summary>exp E KL(p(y|x) ‖ p(y)), the mean over <paramref name="Splits"/> equal parts.</summary>
public sealed record InceptionScoreOptions([property: OptionRange(1, 100)] int Splits = 1) : MetricOptions;

/// <summary>Fraction of samples that the feature network assigns to the label they were drawn for.</summary>
public sealed record ClassAccuracyOptions : MetricOptions;

/// <summary>Mean squared latent distance to the end of the teacher's ODE from the same noise (docs/method.md §8).</summary>
public sealed record EndpointErrorOptions : MetricOptions;
