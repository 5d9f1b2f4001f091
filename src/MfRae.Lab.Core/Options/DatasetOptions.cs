using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Where the images and labels come from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(IdxDatasetOptions), "idx")]
[JsonDerivedType(typeof(OracleDatasetOptions), "oracle")]
public abstract record DatasetOptions;

/// <summary>
/// A folder with the four gzipped IDX files of MNIST and its relatives.
/// <paramref name="TrainLimit"/> and <paramref name="TestLimit"/> keep only the first so many images (0: all).
/// </summary>
public sealed record IdxDatasetOptions(
    string Path,
    [property: OptionRange(0, 10_000_000)] int TrainLimit = 0,
    [property: OptionRange(0, 10_000_000)] int TestLimit = 0) : DatasetOptions;

/// <summary>
/// No images: latents drawn afresh for every step from a distribution of which everything is known (docs/method.md §6). A sample of
/// d dimensions is a latent of shape [d, 1, 1], all of one class.
/// </summary>
public sealed record OracleDatasetOptions(DistributionOptions Distribution) : DatasetOptions;
