using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Finds the images of a folder in the layout of ImageNet. Classes are numbered in the ordinal order of their folder names, the same in
/// both splits. In a split without class folders, a file names the class of each image (<see cref="FlatLabels"/>).
/// </summary>
/// <param name="notice">Receives a line about entries that are not read as images.</param>
internal sealed class ImageFolder(
    ImageFolderDatasetOptions options, string folder, Action<string>? notice = null, CancellationToken stop = default)
{
    /// <summary>The images in `train`.</summary>
    /// <exception cref="LabException">The folder does not have this layout, or the classes that the options name.</exception>
    public ImageIndex Train() => Scan(ImageFolderDatasetOptions.Splits[0], options.TrainLimit, options.Flip);

    /// <summary>The images in `val`, whose classes must be those of `train`.</summary>
    /// <exception cref="LabException">The folder does not have this layout, or the classes that the options name.</exception>
    public ImageIndex Test() => Scan(ImageFolderDatasetOptions.Splits[1], options.TestLimit, flip: false);

    private ImageIndex Scan(string split, int limit, bool flip)
    {
        var root = Path.Combine(folder, split);
        var found = ImageFiles.Below(root, stop);
        var flat = found.Folders.Count == 0;
        var classes = flat ? ClassesOfTrain() : found.Folders;
        if (classes.Count != options.Classes)
        {
            throw new LabException($"{root} holds {classes.Count} class folders where the options say {options.Classes}"
                + (found.PassedOver.Describe() is { } passed ? "; " + passed : ""));
        }

        var images = flat ? Flat(root, found, classes) : InFolders(root, found);
        // The file with the classes of a flat folder is not an image, but it is read.
        var labels = flat && FlatLabels.Find(root) is { } file && Path.GetDirectoryName(file) == Path.TrimEndingDirectorySeparator(root) ? file : null;
        Report(split, labels is null ? found.PassedOver : found.PassedOver.Without(Path.GetExtension(labels)), found.Files.Count - images.Count);
        var kept = limit > 0 && limit < images.Count
            ? [.. Enumerable.Range(0, limit).Select(i => images[(int)((long)i * images.Count / limit)])]
            : images;
        return new($"{options.Path.TrimEnd('/')}/{split}", options.Size, flip, classes, kept);
    }

    private IReadOnlyList<string> ClassesOfTrain()
    {
        var train = Path.Combine(folder, ImageFolderDatasetOptions.Splits[0]);
        return ImageFiles.IsFlat(train) ? FlatLabels.Of(train).Classes : ImageFiles.ClassFolders(train);
    }

    private static List<IndexedImage> InFolders(string root, ImageFiles found)
    {
        var byClass = found.Files.Where(file => file.Path.Contains('/')).ToLookup(file => file.Path[..file.Path.IndexOf('/')], file => file.Path);
        var empty = found.Folders.FirstOrDefault(name => !byClass.Contains(name));
        return empty is null
            ? [.. found.Folders.SelectMany((name, label) => byClass[name].Select(path => new IndexedImage(path, label)))]
            : throw new LabException($"{Path.Combine(root, empty)} holds no image ({string.Join(", ", ImageFiles.Extensions)})");
    }

    // The same order as with class folders.
    private static List<IndexedImage> Flat(string root, ImageFiles found, IReadOnlyList<string> classes)
    {
        if (found.Files.Count == 0)
            throw new LabException($"{root} holds no image ({string.Join(", ", ImageFiles.Extensions)})");
        var labels = FlatLabels.Of(root);
        var numbers = classes.Select((name, label) => (name, label)).ToDictionary(entry => entry.name, entry => entry.label);
        return [.. found.Files.Select(file => new IndexedImage(file.Path, Number(file.Path))).OrderBy(image => image.Label)];

        int Number(string path) => labels.ClassOf(path) is var name && numbers.TryGetValue(name, out var number)
            ? number
            : throw new LabException($"{labels.Path} gives {path} the class '{name}', which `{ImageFolderDatasetOptions.Splits[0]}` does not have: "
                + $"its classes are {string.Join(", ", classes.Take(3))}, …");
    }

    private void Report(string split, SkippedEntries passedOver, int unclassified)
    {
        var where = $"{options.Path.TrimEnd('/')}/{split}";
        if (passedOver.Describe() is { } passed)
            notice?.Invoke($"{where}: {passed}");
        if (unclassified > 0)
            notice?.Invoke(FormattableString.Invariant($"{where}: skipped images outside the class folders: {unclassified}"));
    }
}

/// <summary>The images that a dataset stage found, with everything that a later stage needs to decode them.</summary>
/// <param name="Folder">The folder as in the options, relative to the working directory.</param>
/// <param name="Size">The side of the square that images are cropped and resized to.</param>
/// <param name="Flip">Whether training mirrors images.</param>
/// <param name="Classes">Names of the class folders, in the order of their labels.</param>
/// <param name="Images">Paths below the folder, each with its label.</param>
internal sealed record ImageIndex(string Folder, int Size, bool Flip, IReadOnlyList<string> Classes, IReadOnlyList<IndexedImage> Images)
{
    public void Save(string path)
    {
        using var file = File.Create(path);
        JsonSerializer.Serialize(file, this, ImageIndexJson.Default.ImageIndex);
    }

    /// <exception cref="LabException">The file is not what <see cref="Save"/> writes.</exception>
    public static ImageIndex Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, ImageIndexJson.Default.ImageIndex)!;
        }
        catch (JsonException broken)
        {
            throw new LabException($"{path} is not an index of images: {broken.Message}", broken);
        }
    }
}

/// <param name="Path">CLASS/FILE.</param>
internal sealed record IndexedImage(string Path, int Label);

/// <summary>The serialiser of the index.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class ImageIndexJson : JsonSerializerContext;

/// <summary>The images of an index, cropped and resized to its size; see <see cref="ReadAhead"/>.</summary>
internal sealed class FolderImages : IImageSource
{
    private readonly ImageIndex _index;
    private readonly ReadAhead _queue;

    /// <param name="folder">Where the index's paths start.</param>
    /// <param name="threads">The number of threads that decode.</param>
    /// <param name="pinned">Whether batches are for a CUDA device, see <see cref="ReadAhead"/>.</param>
    public FolderImages(ImageIndex index, string folder, int threads, bool pinned = false)
    {
        _index = index;
        Shape = new(PixelBuffer.Colours, index.Size, index.Size);
        Labels = tensor(index.Images.Select(image => (long)image.Label).ToArray(), dtype: int64).DetachFromDisposeScope();
        _queue = new(ScalarType.Byte, [PixelBuffer.Colours, index.Size, index.Size], threads, pinned, (i, planes) =>
        {
            using var image = ImageDecoder.Decode(Path.Combine(folder, index.Images[(int)i].Path));
            CentreCrop.Apply(image, index.Size, planes);
        });
    }

    public long Count => _index.Images.Count;

    public long Classes => _index.Classes.Count;

    public ImageShape Shape { get; }

    public Tensor Labels { get; }

    public bool Flip => _index.Flip;

    public Tensor Bytes(Tensor indices) => _queue.Take(indices);

    public void Prepare(Tensor indices) => _queue.Prefetch(indices);

    public void Dispose()
    {
        _queue.Dispose();
        Labels.Dispose();
    }
}
