using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Data;

/// <summary>Finds the images of a folder in the layout of ImageNet.</summary>
internal static class ImageFolder
{
    /// <summary>The images in `train`.</summary>
    /// <exception cref="LabException">The folder is not as it should be.</exception>
    public static ImageIndex Train(ImageFolderDatasetOptions options, string folder) =>
        Scan(options, folder, StageFiles.Splits[0], options.TrainLimit, options.Flip);

    /// <summary>The images in `val`, whose classes must be those of `train`.</summary>
    /// <exception cref="LabException">The folder is not as it should be.</exception>
    public static ImageIndex Test(ImageFolderDatasetOptions options, string folder) =>
        Scan(options, folder, StageFiles.Splits[1], options.TestLimit, flip: false);

    private static ImageIndex Scan(ImageFolderDatasetOptions options, string folder, string split, int limit, bool flip)
    {
        var root = Path.Combine(folder, split);
        var classes = Names(Directory.EnumerateDirectories(root));
        if (classes.Count != options.Classes)
            throw new LabException($"{root} holds {classes.Count} class folders where the options say {options.Classes}");
        var images = classes.SelectMany((name, label) => Images(root, name, label)).ToList();
        var kept = limit > 0 && limit < images.Count
            ? [.. Enumerable.Range(0, limit).Select(i => images[(int)((long)i * images.Count / limit)])]
            : images;
        return new($"{options.Path.TrimEnd('/')}/{split}", options.Size, flip, classes, kept);
    }

    private static List<IndexedImage> Images(string root, string name, int label)
    {
        var files = Names(Directory.EnumerateFiles(Path.Combine(root, name))
            .Where(ImageDecoder.IsImage));
        return files.Count > 0
            ? [.. files.Select(file => new IndexedImage($"{name}/{file}", label))]
            : throw new LabException($"{Path.Combine(root, name)} holds no image ({string.Join(", ", ImageDecoder.Extensions)})");
    }

    private static List<string> Names(IEnumerable<string> paths) =>
        [.. paths.Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
}
