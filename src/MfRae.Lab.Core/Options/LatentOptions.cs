using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Normalisation of latents, z ← (z - μ) / sqrt(var + ε), per element [C, H, W] (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoLatentOptions), "none")]
[JsonDerivedType(typeof(PretrainedLatentOptions), "pretrained")]
[JsonDerivedType(typeof(PerElementLatentOptions), "perElement")]
public abstract record LatentOptions;

/// <summary>No normalisation: the data are latents already.</summary>
public sealed record NoLatentOptions : LatentOptions;

/// <summary>Mean and variance from a safetensors file.</summary>
public sealed record PretrainedLatentOptions(string Weights) : LatentOptions;

/// <summary>Mean and variance of the training set, accumulated in float64.</summary>
public sealed record PerElementLatentOptions([property: OptionRange(0, 1)] double Epsilon = 1e-5) : LatentOptions;
