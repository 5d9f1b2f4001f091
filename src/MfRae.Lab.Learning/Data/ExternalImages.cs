using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// The samples of another program: a folder of image files, or an array of whole or real numbers in a file. They are read batch by batch, and
/// must have the size of the dataset's images.
/// </summary>
internal sealed class ExternalImages : IDisposable
{
    private readonly string _path;
    private readonly ImageShape _shape;
    private readonly TreeImages? _tree;
    private readonly Tensor? _order;
    private readonly Tensor? _array;
    private readonly SampleLayout _layout;
    private readonly IReadOnlyList<double>? _range;

    private ExternalImages(string path, ImageShape shape, TreeImages tree, Tensor order, Tensor? labels)
    {
        (_path, _shape, _tree, _order, Labels) = (path, shape, tree, order, labels);
        Count = tree.Count;
    }

    private ExternalImages(string path, ImageShape shape, Tensor array, SampleLayout layout, IReadOnlyList<double>? range, Tensor? labels)
    {
        (_path, _shape, _array, _layout, _range, Labels) = (path, shape, array, layout, range, labels);
        Count = array.shape[0];
    }

    public long Count { get; }

    /// <summary>int64 [N], or null if the samples have no labels.</summary>
    public Tensor? Labels { get; }

    /// <summary>Opens a file or folder. The tensors belong to the dispose scope of the caller.</summary>
    /// <param name="path">An .npz file, a safetensors file, a folder of images, or a folder with one such file.</param>
    /// <param name="range">The values of black and white in an array of real numbers, or null.</param>
    /// <param name="threads">The number of threads that decode images.</param>
    /// <exception cref="LabException">There are no samples of this size.</exception>
    public static ExternalImages Open(string path, ImageShape shape, IReadOnlyList<double>? range, int threads)
    {
        if (!Directory.Exists(path))
            return File.Exists(path) ? OfFile(path, shape, range) : throw new LabException($"{path}: no file or folder with samples");
        var files = Directory.EnumerateFiles(path).Where(IsArrayFile).Order(StringComparer.Ordinal).ToList();
        return files switch
        {
            [] => OfFolder(path, shape, threads),
            [var only] => OfFile(only, shape, range),
            _ => throw new LabException($"{path} has {files.Count.ToString(CultureInfo.InvariantCulture)} files with arrays "
                + $"({string.Join(", ", files.Take(3).Select(file => Path.GetFileName(file)))}): one is needed"),
        };
    }

    /// <summary>uint8 [B, C, H, W] on the CPU of consecutive samples.</summary>
    /// <exception cref="LabException">A sample is not finite, or has colours where the dataset is grey.</exception>
    public Tensor Bytes(long start, long end)
    {
        if (_tree is not null)
            return Channels(_tree.Bytes(_order!.slice(0, start, end, 1)));
        var rows = _array!.slice(0, start, end, 1);
        var ordered = _layout switch
        {
            SampleLayout.ChannelsLast => rows.permute(0, 3, 1, 2),
            SampleLayout.Grey => rows.unsqueeze(1),
            _ => rows,
        };
        if (ordered.dtype == ScalarType.Byte)
            return ordered.contiguous();
        var values = ordered.to(float32).contiguous();
        var finite = values.isfinite().all().item<bool>();
        return !finite
            ? throw DivergedException.NotFinite(FormattableString.Invariant($"samples {start} to {end - 1} of {Path.GetFileName(_path)}"))
            : values.sub(_range![0]).mul(255 / (_range[1] - _range[0])).round_().clamp_(0, 255).to(uint8);
    }

    public void Dispose() => _tree?.Dispose();

    private static bool IsArrayFile(string path) =>
        FileSamplesOptions.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static ExternalImages OfFolder(string path, ImageShape shape, int threads)
    {
        var tree = ImageTree.Scan(path);
        var images = new TreeImages(tree, crop: 0, threads);
        if (images.Shape.Rows != shape.Rows || images.Shape.Columns != shape.Columns)
        {
            images.Dispose();
            throw new LabException(FormattableString.Invariant(
                $"{path} has images of {images.Shape.Columns}x{images.Shape.Rows} pixels, but the dataset has {shape.Columns}x{shape.Rows}"));
        }

        var order = tensor(Order(tree.Paths), dtype: int64);
        return new(path, shape, images, order, tree.Labels is null ? null : images.Labels.index_select(0, order));
    }

    // Files that are named by numbers are in the order of the numbers: 2.png before 10.png.
    private static long[] Order(IReadOnlyList<string> paths)
    {
        var numbers = paths.Select(path => long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : -1).ToArray();
        var rows = Enumerable.Range(0, paths.Count).Select(row => (long)row);
        return [.. numbers.Contains(-1) ? rows : rows.OrderBy(row => numbers[row]).ThenBy(row => row)];
    }

    private static ExternalImages OfFile(string path, ImageShape shape, IReadOnlyList<double>? range)
    {
        var file = TensorFile.Open(path);
        var shapes = file.Tensors.ToDictionary(entry => entry.Key, entry => entry.Value.Shape);
        var expected = SampleArray.Expected(shape.Channels, shape.Rows, shape.Columns);
        if (SampleArray.Find(shapes) is not { } name)
            throw new LabException($"{path} has no array of images: write `images` or `arr_0` of {expected}");
        var stored = file.Stored(name);
        if (SampleArray.Layout(stored.Shape, shape.Channels, shape.Rows, shape.Columns) is not { } layout)
            throw new LabException($"{path} has `{name}` of shape [{string.Join(", ", stored.Shape)}], but the images of the dataset need {expected}");
        var isReal = stored.Type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
        if (!isReal && stored.Type != ScalarType.Byte)
            throw new LabException($"{path} has `{name}` of type {stored.Type}: images are uint8, or real numbers with a `range`");
        if (isReal && range is null)
            throw new LabException($"{path} has `{name}` of real numbers, but the values of black and white are unknown: write e.g. \"range\": [-1, 1]");
        return new(path, shape, file[name], layout, range, LabelsOf(file, name, stored.Shape[0]));
    }

    private static Tensor? LabelsOf(TensorFile file, string images, long count)
    {
        var name = SampleArray.Names.FirstOrDefault(names => names.Images == images).Labels ?? SampleArray.Names[0].Labels;
        if (!file.Names(name))
            return null;
        var stored = file.Stored(name);
        return stored.Shape is [var labels] && labels == count
            && stored.Type is ScalarType.Int64 or ScalarType.Int32 or ScalarType.Int16 or ScalarType.Int8 or ScalarType.Byte
                ? file[name].to(int64)
                : throw new LabException(FormattableString.Invariant($"{file.Path} has `{name}` that are not {count} whole numbers, one for each image"));
    }

    // Decoded files have three channels, which are equal for grey images.
    private Tensor Channels(Tensor images)
    {
        if (_shape.Channels == images.shape[1])
            return images;
        var grey = images.narrow(1, 0, 1);
        return (images == grey).all().item<bool>()
            ? grey.contiguous()
            : throw new LabException($"{_path} has images with colours, but the images of the dataset are grey");
    }
}
