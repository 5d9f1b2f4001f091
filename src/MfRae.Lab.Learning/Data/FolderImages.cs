using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>The images of an index, brought to its size; see <see cref="DecodeQueue"/>.</summary>
internal sealed class FolderImages : IImageSource
{
    private readonly ImageIndex _index;
    private readonly DecodeQueue _queue;

    /// <param name="folder">Where the index's paths start.</param>
    public FolderImages(ImageIndex index, string folder, int threads)
    {
        _index = index;
        Shape = new(RgbImage.Channels, index.Size, index.Size);
        Labels = tensor(index.Images.Select(image => (long)image.Label).ToArray(), dtype: int64).DetachFromDisposeScope();
        _queue = new(RgbImage.Channels * (long)index.Size * index.Size, threads, (i, bytes) =>
            CentreCrop.Apply(ImageDecoder.Decode(Path.Combine(folder, index.Images[(int)i].Path)), index.Size).Values.CopyTo(bytes));
    }

    public long Count => _index.Images.Count;

    public long Classes => _index.Classes.Count;

    public ImageShape Shape { get; }

    public Tensor Labels { get; }

    public bool Flip => _index.Flip;

    public Tensor Bytes(Tensor indices) => _queue.Take(indices, Shape);

    public void Prepare(Tensor indices) => _queue.Announce(indices.data<long>().ToArray());

    public void Dispose()
    {
        _queue.Dispose();
        Labels.Dispose();
    }
}
