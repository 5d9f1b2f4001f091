using MfRae.Lab.Core;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Decodes image files as the image library of the released code does: in the stored orientation, without colour management, and
/// without transparency.
/// </summary>
public static class ImageDecoder
{
    private const int BytesPerPixel = 4;

    private static ReadOnlySpan<byte> LargeFilePointer => "version https://git-lfs"u8;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="LabException">The file is missing, is not an image, or is cut short.</exception>
    public static RgbImage Decode(string path)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            using var file = new MemoryStream(content);
            using var codec = SKCodec.Create(file, out var opened) ?? throw NoImage(path, content, $"{opened}");
            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            var pixels = new byte[info.BytesSize];
            SKCodecResult result;
            unsafe
            {
                fixed (byte* start = pixels)
                    result = codec.GetPixels(info, (nint)start);
            }

            // The missing part of an incomplete image would be decoded as grey and used in training.
            return result == SKCodecResult.Success
                ? new(info.Width, info.Height, WithoutAlpha(pixels))
                : throw new LabException($"{path} is a damaged image ({result}): replace the file or remove it");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
    }

    private static LabException NoImage(string path, byte[] content, string reason) => new(content.AsSpan().StartsWith(LargeFilePointer)
        ? $"{path} is a Git LFS pointer and not the image itself: fetch it with `git lfs pull`"
        : $"{path} cannot be decoded as an image ({reason}): replace the file or remove it");

    private static byte[] WithoutAlpha(byte[] pixels)
    {
        var values = new byte[pixels.Length / BytesPerPixel * RgbImage.Channels];
        for (int from = 0, to = 0; from < pixels.Length; from += BytesPerPixel, to += RgbImage.Channels)
        {
            values[to] = pixels[from];
            values[to + 1] = pixels[from + 1];
            values[to + 2] = pixels[from + 2];
        }

        return values;
    }
}

/// <summary>A colour image of any size: rows of red, green, blue.</summary>
/// <param name="Values">Width · Height · 3 bytes.</param>
public sealed record RgbImage(int Width, int Height, byte[] Values)
{
    /// <summary>The number of channels: red, green and blue.</summary>
    public const int Channels = 3;
}

/// <summary>
/// Decodes images of one size on several threads: announced batches ahead of time, in the order of announcement and as far as memory
/// allows, others on demand. The order of the threads changes no byte.
/// </summary>
/// <param name="imageBytes">The bytes of one decoded image.</param>
/// <param name="decode">Decodes the image of an index into a buffer.</param>
internal sealed class DecodeQueue(long imageBytes, int threads, Action<long, Memory<byte>> decode) : IDisposable
{
    // The limit for decoded images that wait; a single batch may be larger.
    private const long MostBytesAhead = 256L << 20;

    private readonly Queue<PendingBatch> _ahead = new();
    private readonly CancellationTokenSource _closed = new();
    private Task _last = Task.CompletedTask;

    /// <summary>The bytes of a batch, image after image.</summary>
    /// <exception cref="LabException">An image of the batch cannot be decoded.</exception>
    public byte[] Take(long[] indices)
    {
        while (_ahead.TryPeek(out var next))
        {
            // Batches that were announced before this one will not be taken any more.
            _ahead.Dequeue();
            if (next.Indices.AsSpan().SequenceEqual(indices))
                return next.Bytes.GetAwaiter().GetResult();
        }

        return Decode(indices);
    }

    /// <summary>A batch as uint8 [B, C, H, W], of images whose bytes are rows of pixels.</summary>
    /// <param name="indices">int64 [B].</param>
    public Tensor Take(Tensor indices, ImageShape shape) =>
        tensor(Take(indices.data<long>().ToArray()), [indices.shape[0], shape.Rows, shape.Columns, shape.Channels], dtype: uint8)
            .permute(0, 3, 1, 2).contiguous();

    /// <summary>Announces the next batch after those announced before.</summary>
    public void Prefetch(long[] indices)
    {
        var waiting = _ahead.Sum(batch => batch.Indices.Length * imageBytes);
        if (_ahead.Any(batch => batch.Indices.AsSpan().SequenceEqual(indices))
            || (_ahead.Count > 0 && waiting + (indices.Length * imageBytes) > MostBytesAhead))
        {
            return;
        }

        // A failure is reported when its batch is taken, and does not stop the batches after it.
        var bytes = _last.ContinueWith(_ => Decode(indices), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _ahead.Enqueue(new(indices, bytes));
        _last = bytes;
    }

    public void Dispose()
    {
        _closed.Cancel();
        ((IAsyncResult)_last).AsyncWaitHandle.WaitOne();
        _closed.Dispose();
    }

    private byte[] Decode(long[] indices)
    {
        if (_closed.IsCancellationRequested)
            return [];
        var bytes = new byte[indices.Length * imageBytes];
        var failures = new LabException?[indices.Length];
        Parallel.For(0, indices.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            try
            {
                decode(indices[i], bytes.AsMemory((int)(i * imageBytes), (int)imageBytes));
            }
            catch (LabException failure)
            {
                failures[i] = failure;
            }
        });
        // Of several failures, always the same one is reported.
        return failures.OfType<LabException>().FirstOrDefault() is { } first ? throw first : bytes;
    }

    private sealed record PendingBatch(long[] Indices, Task<byte[]> Bytes);
}
