using MfRae.Lab.Core.Experiments;
using SkiaSharp;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Decodes image files as the image library of the released code does: turned as stored, without colour management, with
/// transparency ignored.
/// </summary>
public static class ImageDecoder
{
    private const int BytesPerPixel = 4;

    private static ReadOnlySpan<byte> LargeFilePointer => "version https://git-lfs"u8;

    /// <exception cref="LabException">The file is missing, is no image, or is cut short.</exception>
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

            // What is missing of an incomplete image would be grey, and train as if it were part of it.
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
        ? $"{path} is a Git LFS pointer and not the image itself: fetch it by `git lfs pull`"
        : $"{path} is no image that can be decoded ({reason}): replace the file or remove it");

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
