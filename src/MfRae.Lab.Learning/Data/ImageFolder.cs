using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Finds the images of a folder in the layout of ImageNet. Classes are numbered in the ordinal order of their folders' names, in both
/// splits alike; in a split without class folders a file names the class of each image (<see cref="FlatLabels"/>).
/// </summary>
/// <param name="notice">Receives a line about entries that are not read as images.</param>
internal sealed class ImageFolder(
    ImageFolderDatasetOptions options, string folder, Action<string>? notice = null, CancellationToken stop = default)
{
    /// <summary>The images in `train`.</summary>
    /// <exception cref="LabException">The folder is not as it should be.</exception>
    public ImageIndex Train() => Scan(StageFiles.Splits[0], options.TrainLimit, options.Flip);

    /// <summary>The images in `val`, whose classes must be those of `train`.</summary>
    /// <exception cref="LabException">The folder is not as it should be.</exception>
    public ImageIndex Test() => Scan(StageFiles.Splits[1], options.TestLimit, flip: false);

    private ImageIndex Scan(string split, int limit, bool flip)
    {
        var root = Path.Combine(folder, split);
        var found = ImageFiles.Below(root, stop);
        var flat = found.Folders.Count == 0;
        var classes = flat ? ClassesOfTrain() : found.Folders;
        if (classes.Count != options.Classes)
            throw new LabException($"{root} holds {classes.Count} class folders where the options say {options.Classes}"
                + (found.PassedOver.Describe() is { } passed ? "; " + passed : ""));
        var images = flat ? Flat(root, found, classes) : InFolders(root, found);
        // The file that names the classes of a flat folder is read, if not as an image.
        var labels = flat && FlatLabels.Find(root) is { } file && Path.GetDirectoryName(file) == Path.TrimEndingDirectorySeparator(root) ? file : null;
        Report(split, labels is null ? found.PassedOver : found.PassedOver.Without(Path.GetExtension(labels)), found.Files.Count - images.Count);
        var kept = limit > 0 && limit < images.Count
            ? [.. Enumerable.Range(0, limit).Select(i => images[(int)((long)i * images.Count / limit)])]
            : images;
        return new($"{options.Path.TrimEnd('/')}/{split}", options.Size, flip, classes, kept);
    }

    private IReadOnlyList<string> ClassesOfTrain()
    {
        var train = Path.Combine(folder, StageFiles.Splits[0]);
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

    // In the order that class folders would give.
    private static List<IndexedImage> Flat(string root, ImageFiles found, IReadOnlyList<string> classes)
    {
        if (found.Files.Count == 0)
            throw new LabException($"{root} holds no image ({string.Join(", ", ImageFiles.Extensions)})");
        var labels = FlatLabels.Of(root);
        var numbers = classes.Select((name, label) => (name, label)).ToDictionary(entry => entry.name, entry => entry.label);
        return [.. found.Files.Select(file => new IndexedImage(file.Path, Number(file.Path))).OrderBy(image => image.Label)];

        int Number(string path) => labels.ClassOf(path) is var name && numbers.TryGetValue(name, out var number)
            ? number
            : throw new LabException($"{labels.Path} gives {path} the class '{name}', which `{StageFiles.Splits[0]}` does not have: "
                + $"its classes are {string.Join(", ", classes.Take(3))}, …");
    }

    private void Report(string split, PassedOver passedOver, int unclassified)
    {
        var where = $"{options.Path.TrimEnd('/')}/{split}";
        if (passedOver.Describe() is { } passed)
            notice?.Invoke($"{where}: {passed}");
        if (unclassified > 0)
            notice?.Invoke(FormattableString.Invariant($"{where}: passed over images that lie in no class folder: {unclassified}"));
    }
}
