using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a path holds for an evaluation. ADM's reference files hold both: statistics of a whole dataset, and images of it.</summary>
internal sealed record EvaluationInput(string Path, ImageSet? Images, StoredStatistics? Statistics) : IDisposable
{
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

    /// <exception cref="LabException">There are statistics alone, or one image.</exception>
    public ImageSet NeedImages(string what)
    {
        if (Images is null)
            throw new LabException($"{Path} holds statistics alone; {what} must be images");
        if (Images.Count < 2)
            throw new LabException($"{Path} holds one image; a distribution needs at least two");
        return Images;
    }

    public void Dispose() => Images?.Dispose();
}

/// <summary>Where a set of images or its statistics is.</summary>
/// <param name="Given">As the user wrote it.</param>
/// <param name="Full">A file or folder that exists.</param>
/// <param name="Split">train or test, or null.</param>
internal sealed record EvaluationPath(string Given, string Full, string? Split)
{
    public const string Train = "train";
    public const string Test = "test";
    private const string References = "data/references";
    private const string Data = "data";
    private static readonly string[] Extensions = [".npz", ".safetensors", ".pt"];

    /// <summary>Where a folder's split may lie.</summary>
    public IEnumerable<string> SplitFolders => Split == Test
        ? [Path.Combine(Full, Test), Path.Combine(Full, "val")]
        : [Path.Combine(Full, Train)];

    /// <summary>
    /// A path, relative to the working directory, or a name: of a file in data/references, or of a dataset in data. A split may follow
    /// either, as `fashion-mnist:test`.
    /// </summary>
    /// <exception cref="LabException">There is nothing of that name.</exception>
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

/// <summary>Images that are measured, or compared with.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content: of the file, or of the hashes of all files in their order, with the labels.</param>
/// <param name="Classes">Names of the classes, or null where images have none.</param>
/// <param name="Name">What an image is called.</param>
/// <param name="Named">Whether names of classes are those of folders; otherwise they are the numbers of the labels.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
internal sealed record ImageSet(
    string Path, IImageSource Images, string Hash, IReadOnlyList<string>? Classes, Func<long, string> Name, bool Named = false,
    SkippedEntries? PassedOver = null)
    : IDisposable
{
    public long Count => Images.Count;

    /// <summary>The images for a network that takes so many channels; they belong to this set.</summary>
    public IImageSource For(long channels) => channels < Images.Shape.Channels ? new GreyImages(Images, Name) : Images;

    public void Dispose() => Images.Dispose();
}

/// <summary>Opens what images can be in.</summary>
/// <param name="crop">Side of the square that images of folders are brought to; 0 leaves them.</param>
internal sealed class ImageSets(int crop, int threads, IEvaluationProgress progress, CancellationToken stop)
{
    /// <summary>A folder: the four IDX files of which <see cref="EvaluationPath.Split"/> says the half, or images.</summary>
    /// <exception cref="LabException">The folder holds neither, or what it holds is damaged.</exception>
    public ImageSet OpenFolder(EvaluationPath path)
    {
        if (StageFiles.IdxNames.Any(name => File.Exists(Path.Combine(path.Full, name))))
            return Idx(path);
        if (path.Split is null)
            return Tree(path, path.Full);
        var inside = path.SplitFolders.FirstOrDefault(Directory.Exists) ?? throw new LabException(
            $"{path.Full} holds neither IDX files nor a folder for the split {path.Split}: name the folder of images itself");
        return Tree(path, inside);
    }

    /// <summary>A file with arrays of images and perhaps labels.</summary>
    /// <exception cref="LabException">It has none, or not of the right types and shapes.</exception>
    public ImageSet OpenFile(EvaluationPath path, TensorFile file)
    {
        var images = ArrayImages.Open(file);
        return new(path.Given, images, FileHash.Of(path.Full), images.HasLabels ? Numbered(images.Classes) : null,
            index => FormattableString.Invariant($"image {index} of {path.Full}"));
    }

    private static ImageSet Idx(EvaluationPath path)
    {
        if (path.Split is null)
            throw new LabException($"{path.Full} holds the two halves of an IDX dataset: say which, {path.Given}:train or {path.Given}:test");
        var train = path.Split == EvaluationPath.Train;
        var images = train ? IdxDataset.Train(path.Full, 0) : IdxDataset.Test(path.Full, 0);
        var hashes = StageFiles.IdxNames.Skip(train ? 0 : 2).Take(2).Select(name => FileHash.Of(Path.Combine(path.Full, name)));
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

    // Of contents, not of names: the same images have the same features wherever they lie.
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
