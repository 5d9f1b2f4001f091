using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// The images of a folder of any layout, by path. If all images lie in subfolders, the subfolders of the first level are classes.
/// </summary>
/// <param name="Root">The folder.</param>
/// <param name="Paths">Below the folder, with `/`, in ordinal order.</param>
/// <param name="Classes">Names of the classes in ordinal order, or null without classes.</param>
/// <param name="Labels">The class of each image, or null.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images.</param>
internal sealed record ImageTree(
    string Root, IReadOnlyList<string> Paths, IReadOnlyList<string>? Classes, IReadOnlyList<long>? Labels, SkippedEntries PassedOver)
{
    /// <exception cref="LabException">The folder holds no image, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The caller asked to stop.</exception>
    public static ImageTree Scan(string root, CancellationToken stop = default)
    {
        var found = ImageFiles.Below(root, stop);
        var paths = found.Files.Select(file => file.Path).ToList();
        if (paths.Count == 0)
        {
            throw new LabException($"{root} holds no image ({string.Join(", ", ImageFiles.Extensions)})"
                + (found.PassedOver.Describe() is { } passed ? "; " + passed : ""));
        }

        var folders = paths.Select(path => path.IndexOf('/') is > 0 and var at ? path[..at] : null).ToList();
        // A single folder that contains everything is not a class.
        if (folders.Contains(null) || folders.Distinct().Count() < 2)
            return new(root, paths, null, null, found.PassedOver);
        var classes = folders.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        var numbers = classes.Select((name, label) => (name, label)).ToDictionary(entry => entry.name, entry => (long)entry.label);
        return new(root, paths, classes, [.. folders.Select(folder => numbers[folder!])], found.PassedOver);
    }
}

/// <summary>
/// The images of a tree, all of one size, or cropped to a square by <see cref="CentreCrop"/>. Grey files have three equal channels.
/// Images without classes have the label -1.
/// </summary>
internal sealed class TreeImages : IImageSource
{
    private readonly ImageTree _tree;
    private readonly ReadAhead _queue;
    private readonly int _crop;

    /// <param name="crop">Side of the squares; 0: no cropping.</param>
    /// <exception cref="LabException">The first image cannot be decoded.</exception>
    public TreeImages(ImageTree tree, int crop, int threads)
    {
        _tree = tree;
        _crop = crop;
        using (var first = ImageDecoder.Decode(PathOf(0)))
            Shape = crop > 0 ? new(PixelBuffer.Colours, crop, crop) : new(PixelBuffer.Colours, first.Height, first.Width);
        Labels = tree.Labels is { } labels
            ? tensor(labels.ToArray(), dtype: int64).DetachFromDisposeScope()
            : full(tree.Paths.Count, -1L, dtype: int64).DetachFromDisposeScope();
        _queue = new(ScalarType.Byte, [Shape.Channels, Shape.Rows, Shape.Columns], threads, pinned: false, Decode);
    }

    public long Count => _tree.Paths.Count;

    public long Classes => _tree.Classes?.Count ?? 0;

    public ImageShape Shape { get; }

    public Tensor Labels { get; }

    public bool Flip => false;

    public Tensor Bytes(Tensor indices) => _queue.Take(indices);

    public void Prepare(Tensor indices) => _queue.Prefetch(indices);

    public string PathOf(long index) => Path.Combine(_tree.Root, _tree.Paths[(int)index]);

    public void Dispose()
    {
        _queue.Dispose();
        Labels.Dispose();
    }

    private void Decode(long index, Span<byte> planes)
    {
        using var image = ImageDecoder.Decode(PathOf(index));
        if (_crop > 0)
        {
            CentreCrop.Apply(image, _crop, planes);
            return;
        }

        if (image.Width != Shape.Columns || image.Height != Shape.Rows)
        {
            throw new LabException(FormattableString.Invariant($"{PathOf(index)} has {image.Width}x{image.Height} pixels where ")
                + FormattableString.Invariant($"{PathOf(0)} has {Shape.Columns}x{Shape.Rows}: images of a set must have one size"));
        }

        image.CopyPlanes(0, 0, image.Width, image.Height, planes);
    }
}
