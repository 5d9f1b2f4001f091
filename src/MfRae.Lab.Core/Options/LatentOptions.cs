using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Normalisation of latents, z ← (z - μ) / sqrt(var + ε), per element [C, H, W] (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoLatentOptions), "none")]
[JsonDerivedType(typeof(PretrainedLatentOptions), "pretrained")]
[JsonDerivedType(typeof(PerElementLatentOptions), "perElement")]
[JsonDerivedType(typeof(UnnormalisedLatentOptions), "unnormalised")]
public abstract record LatentOptions
{
    private const string Disk = "disk";
    private const string None = "none";

    /// <summary>
    /// Whether only statistics are kept and training encodes images whenever it draws them (cache none), for datasets with too many latents
    /// to keep. Otherwise the training set is encoded once and its latents are kept (cache memory or disk).
    /// </summary>
    public bool EncodesWhenDrawn() => this is not NoLatentOptions && CacheName() == None;

    /// <summary>Whether latents are kept in shards and read batch by batch (cache disk), for latents that do not fit into memory.</summary>
    public bool KeepsShards() => CacheName() == Disk;

    /// <summary>The cache: memory, disk or none.</summary>
    public string CacheName() => this switch
    {
        PretrainedLatentOptions pretrained => pretrained.Cache,
        PerElementLatentOptions own => own.Cache,
        UnnormalisedLatentOptions encoded => encoded.Cache,
        _ => None,
    };
}

/// <summary>No normalisation: the data are already latents.</summary>
public sealed record NoLatentOptions : LatentOptions;

/// <summary>
/// Mean and variance from a file of the lab, or from RAE's stat.pt, which names them `mean` and `var`.
/// </summary>
/// <param name="Weights">The file with mean and variance; PATH::NAME reads a dictionary inside it.</param>
/// <param name="Epsilon">ε, if the file does not contain it.</param>
/// <param name="Cache">Where training latents are kept: memory, in one file that is read whole; disk, in shards that are read batch by
/// batch; none, which encodes images whenever training draws them.</param>
public sealed record PretrainedLatentOptions(
    [property: OptionExample(WeightPath.Example)] string Weights,
    [property: OptionRange(0, 1)] double Epsilon = 1e-5,
    [property: OptionChoice("memory", "disk", "none")] string Cache = "memory") : LatentOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>Mean and variance of the training set, accumulated in float64.</summary>
/// <param name="Epsilon">ε, which is added to the variance.</param>
/// <param name="Cache">Where training latents are kept: memory, in one file that is read whole; disk, in shards that are read batch by
/// batch; none, which encodes images whenever training draws them.</param>
public sealed record PerElementLatentOptions(
    [property: OptionRange(0, 1)] double Epsilon = 1e-5,
    [property: OptionChoice("memory", "disk", "none")] string Cache = "memory") : LatentOptions;

/// <summary>The latents of the encoder as they are, such as those of the SD-VAE, whose encoder scales them.</summary>
/// <param name="Cache">Where training latents are kept: memory, in one file that is read whole; disk, in shards that are read batch by
/// batch; none, which encodes images whenever training draws them.</param>
public sealed record UnnormalisedLatentOptions(
    [property: OptionChoice("memory", "disk", "none")] string Cache = "memory") : LatentOptions;
