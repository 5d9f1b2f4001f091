using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>The files that options point to. Their contents are part of a stage's key: a file that is swapped changes it.</summary>
public static class StageFiles
{
    /// <summary>The four files of an IDX dataset.</summary>
    public static IReadOnlyList<string> IdxNames =>
    [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ];

    /// <summary>The folders of an image folder: training images, and those that are held back.</summary>
    public static IReadOnlyList<string> Splits => ["train", "val"];

    /// <summary>Paths as the options give them, relative to the working directory.</summary>
    public static IReadOnlyList<string> Of(StageDefinition definition) => definition switch
    {
        DatasetStage { Dataset: IdxDatasetOptions idx } => [.. IdxNames.Select(name => $"{idx.Path.TrimEnd('/')}/{name}")],
        DatasetStage { Dataset: ImageFolderDatasetOptions images } => [.. Splits.Select(split => $"{images.Path.TrimEnd('/')}/{split}")],
        FeatureStage { Features: PretrainedFeatureOptions pretrained } => [pretrained.Weights],
        FeatureStage { Features: FidInceptionOptions fid } => [fid.Weights],
        FeatureStage { Features: Dinov2FeatureOptions dinov2 } => [WeightPath.FileOf(dinov2.Weights)],
        FeatureStage { Features: TorchScriptFeatureOptions script } => [script.Weights],
        EncoderStage { Encoder: PretrainedEncoderOptions pretrained } => [pretrained.Weights],
        EncoderStage { Encoder: Dinov2EncoderOptions dinov2 } => [WeightPath.FileOf(dinov2.Weights)],
        DecoderStage { Decoder: PretrainedDecoderOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        LatentStage { Latents: PretrainedLatentOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        TeacherStage { Teacher: PretrainedTeacherOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        _ => [],
    };
}

/// <summary>`PATH::NAME` in options: the dictionary NAME inside a checkpoint, such as `ema`.</summary>
public static class WeightPath
{
    /// <summary>What separates a file from the dictionary inside it.</summary>
    public const string Inside = "::";

    /// <summary>The file alone.</summary>
    public static string FileOf(string weights) =>
        weights.LastIndexOf(Inside, StringComparison.Ordinal) is >= 0 and var at ? weights[..at] : weights;
}

/// <summary>Hashes of files, and of the files and folders that options point to for <see cref="Planner"/>.</summary>
public static class FileHash
{
    /// <summary>
    /// A function from a path, relative to the working directory, to the SHA-256 in lower-case hex: of a file's content, of a folder's
    /// list of images with their lengths, and of the file that names the classes of a flat folder. To read a hundred gigabytes of images
    /// before each run would not be worth what it shows.
    /// </summary>
    public static Func<string, string> In(string workingDirectory, CancellationToken stop = default) => path =>
    {
        string full = Path.GetFullPath(path, workingDirectory);
        try
        {
            if (Directory.Exists(full))
            {
                return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Listing(full, stop))));
            }

            return OfContent(full);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{full} cannot be read: {refused.Message} The options name it, so it must be a readable file.", refused);
        }
    };

    /// <summary>The identity of a file: SHA-256 of its content, in lower-case hex.</summary>
    /// <exception cref="LabException">The file is missing or cannot be read.</exception>
    public static string Of(string path)
    {
        try
        {
            return OfContent(path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
    }

    private static string OfContent(string path)
    {
        if (RegularFile.IsSpecial(path))
            throw new IOException("It is a pipe, a socket or a device.");
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    // The first line changes with the rules of which files count.
    private static string Listing(string folder, CancellationToken stop) => string.Join('\n',
    [
        "images 2",
        .. ImageFiles.Below(folder, stop).Files.Select(file => FormattableString.Invariant($"{file.Path} {file.Length}")),
        .. ImageFiles.IsFlat(folder) && FlatLabels.Find(folder) is { } labels ? [$"classes {OfContent(labels)}"] : Array.Empty<string>(),
    ]);
}
