using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// Images or statistics at a path. ADM's reference files hold both: statistics of a whole dataset, and some of its images.
/// </summary>
internal sealed record EvaluationInput(string Path, ImageSet? Images, StoredStatistics? Statistics) : IDisposable
{
    /// <summary>Opens a path or a name.</summary>
    /// <exception cref="LabException">The path holds neither images nor statistics, or they are damaged.</exception>
    public static EvaluationInput Open(string given, string workingDirectory, ImageSets sets)
    {
        var path = EvaluationPath.Find(given, workingDirectory);
        if (Directory.Exists(path.Full))
            return new(given, sets.OpenFolder(path), null);
        if (RegularFile.IsSpecial(path.Full))
            throw new LabException($"{path.Full} is a pipe, a socket or a device; a folder or a file is needed");
        var file = TensorFile.Open(path.Full);
        if (!StatisticsReader.Recognises(file))
            return new(given, sets.OpenFile(path, file), null);
        return new(given, ArrayImages.Recognises(file) ? sets.OpenFile(path, file) : null, StatisticsReader.Read(file));
    }

    /// <summary>The images.</summary>
    /// <exception cref="LabException">The path holds only statistics, or only one image.</exception>
    public ImageSet NeedImages(string what)
    {
        if (Images is null)
            throw new LabException($"{Path} holds only statistics; {what} must be images");
        if (Images.Count < 2)
            throw new LabException($"{Path} holds one image; a distribution needs at least two");
        return Images;
    }

    public void Dispose() => Images?.Dispose();
}

/// <summary>The place of a set of images or of its statistics.</summary>
/// <param name="Given">The path as the user wrote it.</param>
/// <param name="Full">A file or folder that exists.</param>
/// <param name="Split">train or test, or null.</param>
internal sealed record EvaluationPath(string Given, string Full, string? Split)
{
    public const string Train = "train";
    public const string Test = "test";
    private const string References = "data/references";
    private const string Data = "data";
    private static readonly string[] Extensions = [".npz", ".safetensors", ".pt"];

    /// <summary>The subfolders that may hold the split.</summary>
    public IEnumerable<string> SplitFolders => Split == Test
        ? [Path.Combine(Full, Test), Path.Combine(Full, "val")]
        : [Path.Combine(Full, Train)];

    /// <summary>
    /// Finds a path, relative to the working directory, or the name of a file in data/references or of a dataset in data. Both may be
    /// followed by a split, as `fashion-mnist:test`.
    /// </summary>
    /// <exception cref="LabException">No file, folder or dataset has that name.</exception>
    public static EvaluationPath Find(string given, string workingDirectory)
    {
        var (path, split) = SplitOf(given, workingDirectory);
        var candidates = new List<string> { path };
        if (path.IndexOfAny(['/', '\\']) < 0)
        {
            candidates.AddRange(Extensions.Select(extension => $"{References}/{path}{extension}"));
            candidates.Add($"{Data}/{path}");
        }

        return candidates.Select(candidate => Path.GetFullPath(candidate, workingDirectory))
            .FirstOrDefault(full => File.Exists(full) || Directory.Exists(full)) is { } found
            ? new(given, found, split)
            : throw new LabException($"there is no {string.Join(" nor ", candidates)} below {workingDirectory}: name a folder of images, "
                + "an .npz or .safetensors file, or a dataset's split such as fashion-mnist:test");
    }

    private static (string Path, string? Split) SplitOf(string given, string workingDirectory)
    {
        foreach (var split in new[] { Train, Test })
        {
            if (given.EndsWith(":" + split, StringComparison.Ordinal) && !Path.Exists(Path.GetFullPath(given, workingDirectory)))
                return (given[..^(split.Length + 1)], split);
        }

        return (given, null);
    }
}

/// <summary>A set of images: the samples, the reference or the training images.</summary>
/// <param name="Path">The path as the user wrote it.</param>
/// <param name="Hash">SHA-256 of the content: of the file, or of the hashes of all files in their order, with the labels.</param>
/// <param name="Classes">Names of the classes, or null without classes.</param>
/// <param name="Name">The name of an image, for messages.</param>
/// <param name="Named">Whether class names are folder names; otherwise they are the numbers of the labels.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
internal sealed record ImageSet(
    string Path, IImageSource Images, string Hash, IReadOnlyList<string>? Classes, Func<long, string> Name, bool Named = false,
    SkippedEntries? PassedOver = null)
    : IDisposable
{
    public long Count => Images.Count;

    /// <summary>The images for a network that takes this number of channels; they belong to this set.</summary>
    public IImageSource For(long channels) => channels < Images.Shape.Channels ? new GreyImages(Images, Name) : Images;

    public void Dispose() => Images.Dispose();
}

/// <summary>Opens folders and files of images.</summary>
/// <param name="crop">Side of the square that images of folders are cropped to; 0: no cropping.</param>
internal sealed class ImageSets(int crop, int threads, IEvaluationProgress progress, CancellationToken stop)
{
    /// <summary>Opens a folder of images, or one split of a folder with the four IDX files (<see cref="EvaluationPath.Split"/>).</summary>
    /// <exception cref="LabException">The folder holds neither, or a file is damaged.</exception>
    public ImageSet OpenFolder(EvaluationPath path)
    {
        if (IdxDatasetOptions.FileNames.Any(name => File.Exists(Path.Combine(path.Full, name))))
            return Idx(path);
        if (path.Split is null)
            return Tree(path, path.Full);
        var inside = path.SplitFolders.FirstOrDefault(Directory.Exists) ?? throw new LabException(
            $"{path.Full} holds neither IDX files nor a folder for the split {path.Split}: name the folder of images itself");
        return Tree(path, inside);
    }

    /// <summary>Opens a file with an array of images and, optionally, labels.</summary>
    /// <exception cref="LabException">The file has no such arrays of the right types and shapes.</exception>
    public ImageSet OpenFile(EvaluationPath path, TensorFile file)
    {
        var images = ArrayImages.Open(file);
        return new(path.Given, images, FileHash.Of(path.Full), images.HasLabels ? Numbered(images.Classes) : null,
            index => FormattableString.Invariant($"image {index} of {path.Full}"));
    }

    private static ImageSet Idx(EvaluationPath path)
    {
        if (path.Split is null)
            throw new LabException($"{path.Full} holds both splits of an IDX dataset: write {path.Given}:train or {path.Given}:test");
        var train = path.Split == EvaluationPath.Train;
        var images = train ? IdxDataset.Train(path.Full, 0) : IdxDataset.Test(path.Full, 0);
        var hashes = IdxDatasetOptions.FileNames.Skip(train ? 0 : 2).Take(2).Select(name => FileHash.Of(Path.Combine(path.Full, name)));
        return new(path.Given, images, Hash(hashes), Numbered(images.Classes),
            index => FormattableString.Invariant($"image {index} of {path.Given}"));
    }

    private ImageSet Tree(EvaluationPath path, string folder)
    {
        var tree = ImageTree.Scan(folder, stop);
        if (tree.PassedOver.Describe() is { } passed)
            progress.Say($"{path.Given}: {passed}");
        var images = new TreeImages(tree, crop, threads);
        return new(path.Given, images, Hash(tree), tree.Classes, images.PathOf, Named: true, tree.PassedOver);
    }

    // The hash covers contents, not names: the same images have the same features in any folder.
    private string Hash(ImageTree tree)
    {
        const int atOnce = 256;
        var lines = new string[tree.Paths.Count];
        for (var start = 0; start < lines.Length; start += atOnce)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                Parallel.For(start, Math.Min(lines.Length, start + atOnce), new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
                    lines[i] = FileHash.Of(Path.Combine(tree.Root, tree.Paths[i]))
                        + string.Create(CultureInfo.InvariantCulture, $" {tree.Labels?[i] ?? -1}"));
            }
            catch (AggregateException failures) when (failures.InnerExceptions.OfType<LabException>().MinBy(one => one.Message) is { } first)
            {
                throw new LabException(first.Message, first);
            }

            progress.Step($"reading {tree.Root}", Math.Min(lines.Length, start + atOnce), lines.Length);
        }

        return Hash(lines.Prepend(string.Create(CultureInfo.InvariantCulture, $"images, cropped to {crop}")));
    }

    private static string Hash(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    private static List<string> Numbered(long classes) =>
        [.. Enumerable.Range(0, (int)classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];
}
