using System.Buffers;
using MfRae.Lab.Core;
using Microsoft.Win32.SafeHandles;
using SkiaSharp;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Decodes image files as the image library of the released code does: in the stored orientation, without colour management, and
/// without transparency. Files and pixels are in buffers of the shared pool: threads that decode must not cause garbage collections, which
/// would free arguments of native calls of the training thread.
/// </summary>
internal static class ImageDecoder
{
    private static ReadOnlySpan<byte> LargeFilePointer => "version https://git-lfs"u8;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="LabException">The file is missing, is not an image, or is cut short.</exception>
    public static PixelBuffer Decode(string path)
    {
        byte[]? content = null;
        try
        {
            using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            var length = (int)Math.Min(RandomAccess.GetLength(file), Array.MaxLength);
            content = ArrayPool<byte>.Shared.Rent(length);
            return Decode(path, content.AsSpan(0, Read(file, content.AsSpan(0, length))));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {refused.Message}", refused);
        }
        finally
        {
            if (content is not null)
                ArrayPool<byte>.Shared.Return(content);
        }
    }

    private static int Read(SafeFileHandle file, Span<byte> content)
    {
        var total = 0;
        while (total < content.Length && RandomAccess.Read(file, content[total..], total) is > 0 and var read)
            total += read;
        return total;
    }

    private static unsafe PixelBuffer Decode(string path, ReadOnlySpan<byte> content)
    {
        fixed (byte* start = content)
        {
            using var data = SKData.Create((nint)start, content.Length);
            using var codec = SKCodec.Create(new SKMemoryStream(data), out var opened) ?? throw NoImage(path, content, $"{opened}");
            var pixels = new PixelBuffer(codec.Info.Width, codec.Info.Height);
            var result = SKCodecResult.InternalError;
            try
            {
                fixed (byte* place = pixels.Bytes)
                    result = codec.GetPixels(new(pixels.Width, pixels.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul), (nint)place);

                // The missing part of an incomplete image would be decoded as grey and used in training.
                return result == SKCodecResult.Success
                    ? pixels
                    : throw new LabException($"{path} is a damaged image ({result}): replace the file or remove it");
            }
            finally
            {
                if (result != SKCodecResult.Success)
                    pixels.Dispose();
            }
        }
    }

    private static LabException NoImage(string path, ReadOnlySpan<byte> content, string reason) => new(content.StartsWith(LargeFilePointer)
        ? $"{path} is a Git LFS pointer and not the image itself: fetch it with `git lfs pull`"
        : $"{path} cannot be decoded as an image ({reason}): replace the file or remove it");
}

/// <summary>A colour image of any size in a buffer of the shared pool.</summary>
internal sealed class PixelBuffer : IDisposable
{
    /// <summary>The number of colours: red, green and blue.</summary>
    public const int Colours = 3;

    /// <summary>The bytes of a pixel: red, green, blue, and one that is not used.</summary>
    public const int BytesPerPixel = 4;

    private byte[]? _bytes;

    public PixelBuffer(int width, int height)
    {
        (Width, Height) = (width, height);
        _bytes = ArrayPool<byte>.Shared.Rent(checked(width * height * BytesPerPixel));
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>The pixels, row by row.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, Width * Height * BytesPerPixel);

    /// <summary>Writes a part of the image as planes [colours, height, width].</summary>
    public void CopyPlanes(int left, int top, int width, int height, Span<byte> planes)
    {
        var size = width * height;
        var red = planes[..size];
        var green = planes[size..(2 * size)];
        var blue = planes[(2 * size)..(Colours * size)];
        for (int y = 0, to = 0; y < height; y++)
        {
            var row = Bytes.Slice((((top + y) * Width) + left) * BytesPerPixel, width * BytesPerPixel);
            for (var from = 0; from < row.Length; from += BytesPerPixel, to++)
                (red[to], green[to], blue[to]) = (row[from], row[from + 1], row[from + 2]);
        }
    }

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
            ArrayPool<byte>.Shared.Return(bytes);
    }
}
