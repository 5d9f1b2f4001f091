using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The source of images and labels.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(IdxDatasetOptions), "idx")]
[JsonDerivedType(typeof(ImageFolderDatasetOptions), "imageFolder")]
[JsonDerivedType(typeof(OracleDatasetOptions), "oracle")]
[JsonDerivedType(typeof(NoImagesDatasetOptions), "none")]
public abstract record DatasetOptions;

/// <summary>
/// A folder with the four gzipped IDX files of MNIST and similar datasets. <paramref name="TrainLimit"/> and <paramref name="TestLimit"/>
/// are the number of images to keep from the start (0: all).
/// </summary>
/// <param name="Path">The folder of the four files.</param>
/// <param name="TrainLimit">Number of training images to keep, from the start; 0: all.</param>
/// <param name="TestLimit">Number of test images to keep, from the start; 0: all.</param>
public sealed record IdxDatasetOptions(
    [property: OptionExample("\"data/fashion-mnist\"")] string Path,
    [property: OptionRange(0, 10_000_000, Unit = "images")] int TrainLimit = 0,
    [property: OptionRange(0, 10_000_000, Unit = "images")] int TestLimit = 0) : DatasetOptions, IReadsFiles
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
/// Colour images in the layout of ImageNet: `train` and `val` below the folder, each with one folder of JPEG, PNG, BMP or WebP files for
/// each class; classes are numbered in the ordinal order of their folder names. A split may contain images without class folders if a file
/// names their classes: `LOC_val_solution.csv`, or `val.txt` with lines `FILE CLASS`, in the folder of the split or next to it. Only an
/// index is kept: images are decoded when they are used.
/// </summary>
/// <param name="Path">The folder that contains `train` and `val`.</param>
/// <param name="Size">Side of the images in pixels: images are resized to this shorter side, then cropped at the centre.</param>
/// <param name="Classes">The required number of class folders.</param>
/// <param name="Flip">Whether a training image is mirrored with a probability of one half each time it is drawn.</param>
/// <param name="TrainLimit">The number of training images to keep, spaced evenly over the index; 0: all.</param>
/// <param name="TestLimit">The number of images in `val` to keep, spaced evenly over the index; 0: all.</param>
public sealed record ImageFolderDatasetOptions(
    [property: OptionExample("\"data/imagenet\"")] string Path,
    [property: OptionRange(8, 4096, Unit = "pixels")] int Size = 256,
    [property: OptionRange(1, 1_000_000)] int Classes = 1000,
    bool Flip = false,
    [property: OptionRange(0, 1_000_000_000, Unit = "images")] int TrainLimit = 0,
    [property: OptionRange(0, 1_000_000_000, Unit = "images")] int TestLimit = 0) : DatasetOptions, IReadsFiles
{
    /// <summary>The subfolders: training images, and held-back images.</summary>
    public static IReadOnlyList<string> Splits { get; } = ["train", "val"];

    IEnumerable<string> IReadsFiles.Files() => Splits.Select(split => $"{Path.TrimEnd('/')}/{split}");
}

/// <summary>
/// No images: only the facts about them that the networks of an arm need. For arms whose networks, statistics of latents and reference
/// statistics are all from files.
/// </summary>
/// <param name="Size">Side of the colour images in pixels.</param>
/// <param name="Classes">The number of classes.</param>
public sealed record NoImagesDatasetOptions(
    [property: OptionRange(8, 4096, Unit = "pixels")] int Size = 256,
    [property: OptionRange(1, 1_000_000)] int Classes = 1000) : DatasetOptions;

/// <summary>
/// No images: new latents are drawn at every step from a distribution with known closed forms (docs/method.md §6). A sample of d dimensions
/// is a latent of shape [d, 1, 1]; all samples have one class.
/// </summary>
public sealed record OracleDatasetOptions(DistributionOptions Distribution) : DatasetOptions;

/// <summary>A distribution of data whose velocity, covariance and flow are known (docs/method.md §6).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RingDistributionOptions), "ring")]
[JsonDerivedType(typeof(GaussianDistributionOptions), "gaussian")]
[JsonDerivedType(typeof(LineDistributionOptions), "mixture1d")]
[JsonDerivedType(typeof(DiagonalDistributionOptions), "diagonalModes")]
public abstract record DistributionOptions;

/// <summary>A single Gaussian; <paramref name="Mean"/> has one number for each dimension.</summary>
/// <param name="Mean">The mean, with one number for each dimension.</param>
/// <param name="Covariance">The rows of the covariance; symmetric and positive definite.</param>
public sealed record GaussianDistributionOptions(
    [property: OptionRange(-1000, 1000)][property: OptionExample("[0, 0]")] IReadOnlyList<double> Mean,
    [property: OptionRange(-1000, 1000)][property: OptionExample("[[1, 0], [0, 1]]")] IReadOnlyList<IReadOnlyList<double>> Covariance) : DistributionOptions;

/// <summary>Round Gaussians of equal weight in the plane, evenly on a circle around the origin.</summary>
/// <param name="Modes">Number of Gaussians.</param>
/// <param name="Radius">Radius of the circle.</param>
/// <param name="Deviation">Standard deviation of each Gaussian.</param>
public sealed record RingDistributionOptions(
    [property: OptionRange(1, 1000)] int Modes = 8,
    [property: OptionRange(0, 1000)] double Radius = 4,
    [property: OptionRange(1e-3, 1000)] double Deviation = 0.3) : DistributionOptions;

/// <summary>A mixture of Gaussians on the line, whose flow is known exactly by its quantiles.</summary>
/// <param name="Weights">Weights of the components, which are divided by their sum.</param>
/// <param name="Means">Means of the components.</param>
/// <param name="Deviations">Standard deviations of the components.</param>
public sealed record LineDistributionOptions(
    [property: OptionRange(1e-6, 1e6)][property: OptionExample("[1, 1]")] IReadOnlyList<double> Weights,
    [property: OptionRange(-1000, 1000)][property: OptionExample("[-1, 1]")] IReadOnlyList<double> Means,
    [property: OptionRange(1e-3, 1000)][property: OptionExample("[0.5, 0.5]")] IReadOnlyList<double> Deviations) : DistributionOptions;

/// <summary>
/// Round Gaussians of equal weight in many dimensions. Their centres c (1, …, 1) lie on the diagonal, so that all closed forms follow from
/// the projection to it, in any dimension.
/// </summary>
/// <param name="Dimension">Number of dimensions D.</param>
/// <param name="Modes">Number of Gaussians, with c evenly spaced from -separation to separation.</param>
/// <param name="Separation">The largest c, for each coordinate: the outer centres have the distance separation · sqrt(D) from the origin.</param>
/// <param name="Deviation">Standard deviation of each Gaussian, for each coordinate.</param>
public sealed record DiagonalDistributionOptions(
    [property: OptionRange(2, 10_000_000, Unit = "dimensions")][property: OptionExample("64")] int Dimension,
    [property: OptionRange(2, 1000)] int Modes = 2,
    [property: OptionRange(0, 1000)] double Separation = 0.3,
    [property: OptionRange(1e-3, 1000)] double Deviation = 1) : DistributionOptions;
