using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// The images of a tree as they are, all of one size, or brought to a square by <see cref="CentreCrop"/>. Grey files have three equal
/// colours. Images without classes have the label -1.
/// </summary>
internal sealed class TreeImages : IImageSource
{
    private readonly ImageTree _tree;
    private readonly DecodeQueue _queue;
    private readonly int _crop;

    /// <param name="crop">Side of the squares; 0 leaves images as they are.</param>
    /// <exception cref="LabException">The first image cannot be decoded.</exception>
    public TreeImages(ImageTree tree, int crop, int threads)
    {
        _tree = tree;
        _crop = crop;
        var first = Cropped(ImageDecoder.Decode(PathOf(0)));
        Shape = new(RgbImage.Channels, first.Height, first.Width);
        Labels = tree.Labels is { } labels
            ? tensor(labels.ToArray(), dtype: int64).DetachFromDisposeScope()
            : full(tree.Paths.Count, -1L, dtype: int64).DetachFromDisposeScope();
        _queue = new(RgbImage.Channels * Shape.Rows * Shape.Columns, threads, Decode);
    }

    public long Count => _tree.Paths.Count;

    public long Classes => _tree.Classes?.Count ?? 0;

    public ImageShape Shape { get; }

    public Tensor Labels { get; }

    public bool Flip => false;

    public Tensor Bytes(Tensor indices) => _queue.Take(indices, Shape);

    public void Prepare(Tensor indices) => _queue.Announce(indices.data<long>().ToArray());

    public string PathOf(long index) => Path.Combine(_tree.Root, _tree.Paths[(int)index]);

    public void Dispose()
    {
        _queue.Dispose();
        Labels.Dispose();
    }

    private void Decode(long index, Memory<byte> place)
    {
        var image = Cropped(ImageDecoder.Decode(PathOf(index)));
        if (image.Width != Shape.Columns || image.Height != Shape.Rows)
            throw new LabException(FormattableString.Invariant($"{PathOf(index)} has {image.Width}x{image.Height} pixels where ")
                + FormattableString.Invariant($"{PathOf(0)} has {Shape.Columns}x{Shape.Rows}: images of a set must be of one size"));
        image.Values.CopyTo(place);
    }

    private RgbImage Cropped(RgbImage image) => _crop > 0 ? CentreCrop.Apply(image, _crop) : image;
}
