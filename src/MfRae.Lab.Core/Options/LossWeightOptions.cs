using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The weight of a sample's squared error (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PlainLossWeightOptions), "plain")]
[JsonDerivedType(typeof(AdaptiveLossWeightOptions), "adaptive")]
[JsonDerivedType(typeof(AdaptiveSumLossWeightOptions), "adaptiveSum")]
[JsonDerivedType(typeof(ReleasedLossWeightOptions), "released")]
public abstract record LossWeightOptions;

/// <summary>Mean squared error.</summary>
public sealed record PlainLossWeightOptions : LossWeightOptions;

/// <summary>
/// M / (sg(M) + c)^p with M the error's mean over dimensions: MeanFlow's weight at a scale that does not depend on the
/// latent's size.
/// </summary>
public sealed record AdaptiveLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 0.05) : LossWeightOptions;

/// <summary>S / (sg(S) + c)^p with S the error's sum over dimensions: MeanFlow's own weight.</summary>
public sealed record AdaptiveSumLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 1e-3) : LossWeightOptions;

/// <summary>S² / (sg(S²) + 1e-3)^p with S the error's sum over dimensions: what the released code does.</summary>
public sealed record ReleasedLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 1e-3) : LossWeightOptions;
