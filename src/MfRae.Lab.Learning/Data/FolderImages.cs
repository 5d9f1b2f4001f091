using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// The images of an index, decoded by several threads when they are asked for, and ahead of that when they are announced. Which thread
/// decodes what changes nothing.
/// </summary>
/// <param name="folder">Where the index's paths start.</param>
internal sealed class FolderImages(ImageIndex index, string folder, int threads) : IImageSource
{
    private readonly int _imageBytes = RgbImage.Channels * index.Size * index.Size;
    private long[] _announced = [];
    private Task<byte[]>? _ahead;

    public long Count => index.Images.Count;

    public long Classes => index.Classes.Count;

    public ImageShape Shape { get; } = new(RgbImage.Channels, index.Size, index.Size);

    public Tensor Labels { get; } = tensor(index.Images.Select(image => (long)image.Label).ToArray(), dtype: int64).DetachFromDisposeScope();

    public bool Flip => index.Flip;

    public Tensor Bytes(Tensor indices)
    {
        var wanted = indices.data<long>().ToArray();
        var decoded = _ahead is not null && wanted.AsSpan().SequenceEqual(_announced)
            ? _ahead.GetAwaiter().GetResult()
            : Decode(wanted);
        return tensor(decoded, [wanted.Length, index.Size, index.Size, RgbImage.Channels], dtype: uint8).permute(0, 3, 1, 2).contiguous();
    }

    public void Prepare(Tensor indices)
    {
        // One batch ahead is enough to keep decoding and computing busy, and two would only take memory.
        Wait();
        var announced = indices.data<long>().ToArray();
        _announced = announced;
        _ahead = Task.Run(() => Decode(announced));
    }

    public void Dispose()
    {
        Wait();
        Labels.Dispose();
    }

    private byte[] Decode(long[] indices)
    {
        var bytes = new byte[(long)indices.Length * _imageBytes];
        var failures = new LabException?[indices.Length];
        Parallel.For(0, indices.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            try
            {
                var image = ImageDecoder.Decode(Path.Combine(folder, index.Images[(int)indices[i]].Path));
                CentreCrop.Apply(image, index.Size).Values.CopyTo(bytes, (long)i * _imageBytes);
            }
            catch (LabException failure)
            {
                failures[i] = failure;
            }
        });
        // Of several, always the same is told.
        return failures.OfType<LabException>().FirstOrDefault() is { } first ? throw first : bytes;
    }

    // A failure belongs to the batch that asks for it, if one does.
    private void Wait()
    {
        if (_ahead is not null)
            ((IAsyncResult)_ahead).AsyncWaitHandle.WaitOne();
    }
}
