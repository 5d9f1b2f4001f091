using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Where the images and labels come from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(IdxDatasetOptions), "idx")]
[JsonDerivedType(typeof(ImageFolderDatasetOptions), "imageFolder")]
[JsonDerivedType(typeof(OracleDatasetOptions), "oracle")]
public abstract record DatasetOptions;

/// <summary>
/// A folder with the four gzipped IDX files of MNIST and its relatives.
/// <paramref name="TrainLimit"/> and <paramref name="TestLimit"/> keep only the first so many images (0: all).
/// </summary>
public sealed record IdxDatasetOptions(
    string Path,
    [property: OptionRange(0, 10_000_000)] int TrainLimit = 0,
    [property: OptionRange(0, 10_000_000)] int TestLimit = 0) : DatasetOptions, IReadsFiles
{
    /// <summary>The four files of the folder: training images, training labels, test images, test labels.</summary>
    public static IReadOnlyList<string> FileNames { get; } =
    [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ];

    IEnumerable<string> IReadsFiles.Files() => FileNames.Select(name => $"{Path.TrimEnd('/')}/{name}");
}

/// <summary>
/// Colour images in the layout of ImageNet: `train` and `val` below the folder, in each a folder of JPEG, PNG, BMP or WebP files for each
/// class; classes are numbered in the ordinal order of their folders' names. A split may hold its images without class folders if a file
/// names their classes: `LOC_val_solution.csv`, or `val.txt` with lines `FILE CLASS`, in the split's folder or beside it. Only an index
/// is kept: images are decoded when they are used.
/// </summary>
/// <param name="Size">Side in pixels that images are brought to: shrunk until the shorter side fits, then cut from the middle.</param>
/// <param name="Classes">How many class folders there must be.</param>
/// <param name="Flip">Whether a training image is mirrored with probability one half each time it is drawn.</param>
/// <param name="TrainLimit">Keep only so many training images, spread evenly over the index; 0: all.</param>
/// <param name="TestLimit">The same for the images in `val`.</param>
public sealed record ImageFolderDatasetOptions(
    string Path,
    [property: OptionRange(8, 4096)] int Size = 256,
    [property: OptionRange(1, 1_000_000)] int Classes = 1000,
    bool Flip = false,
    [property: OptionRange(0, 1_000_000_000)] int TrainLimit = 0,
    [property: OptionRange(0, 1_000_000_000)] int TestLimit = 0) : DatasetOptions, IReadsFiles
{
    /// <summary>The subfolders: training images, and held-back images.</summary>
    public static IReadOnlyList<string> Splits { get; } = ["train", "val"];

    IEnumerable<string> IReadsFiles.Files() => Splits.Select(split => $"{Path.TrimEnd('/')}/{split}");
}

/// <summary>
/// No images: latents drawn afresh for every step from a distribution of which everything is known (docs/method.md §6). A sample of
/// d dimensions is a latent of shape [d, 1, 1], all of one class.
/// </summary>
public sealed record OracleDatasetOptions(DistributionOptions Distribution) : DatasetOptions;

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
