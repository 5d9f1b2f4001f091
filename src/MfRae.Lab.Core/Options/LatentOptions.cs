using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Normalisation of latents, z ← (z - μ) / sqrt(var + ε), per element [C, H, W] (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PretrainedLatentOptions), "pretrained")]
[JsonDerivedType(typeof(PerElementLatentOptions), "perElement")]
public abstract record LatentOptions
{
    /// <summary>
    /// memory: the training set is encoded once and its latents are kept; none: only the statistics are, and training encodes images
    /// whenever it draws them, for datasets whose latents fit nowhere.
    /// </summary>
    public abstract string Cache { get; init; }
}

/// <summary>
/// Mean and variance from a file: one that the lab wrote, or RAE's stat.pt, which names them `mean` and `var`.
/// </summary>
/// <param name="Epsilon">ε where the file does not say it.</param>
public sealed record PretrainedLatentOptions(
    string Weights,
    [property: OptionRange(0, 1)] double Epsilon = 1e-5,
    [property: OptionChoice("memory", "none")] string Cache = "memory") : LatentOptions;

/// <summary>Mean and variance of the training set, accumulated in float64.</summary>
public sealed record PerElementLatentOptions(
    [property: OptionRange(0, 1)] double Epsilon = 1e-5,
    [property: OptionChoice("memory", "none")] string Cache = "memory") : LatentOptions;
