using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The distribution of training times before the time shift (docs/method.md §1).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(UniformTimeOptions), "uniform")]
[JsonDerivedType(typeof(LogitNormalTimeOptions), "logitNormal")]
public abstract record TimeSamplerOptions;

/// <summary>t ~ U(0, 1).</summary>
public sealed record UniformTimeOptions : TimeSamplerOptions;

/// <summary>logit t ~ N(μ, σ²).</summary>
public sealed record LogitNormalTimeOptions(
    [property: OptionRange(-10, 10)] double Mean = 0,
    [property: OptionRange(0.01, 10)] double Deviation = 1) : TimeSamplerOptions;
