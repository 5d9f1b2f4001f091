using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The distribution of training times before the time shift (docs/method.md §1).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(UniformTimeOptions), "uniform")]
[JsonDerivedType(typeof(LogitNormalTimeOptions), "logitNormal")]
public abstract record TimeSamplerOptions;

/// <summary>t ~ U(0, high).</summary>
/// <param name="High">Upper end; the released code draws up to 0.999.</param>
public sealed record UniformTimeOptions([property: OptionRange(0.001, 1)] double High = 1) : TimeSamplerOptions;

/// <summary>logit t ~ N(μ, σ²), given that t lies in [low, high].</summary>
/// <param name="High">Upper end; the released code draws up to 0.999.</param>
public sealed record LogitNormalTimeOptions(
    [property: OptionRange(-10, 10)] double Mean = 0,
    [property: OptionRange(0.01, 10)] double Deviation = 1,
    [property: OptionRange(0, 0.999)] double Low = 0,
    [property: OptionRange(0.001, 1)] double High = 1) : TimeSamplerOptions;
