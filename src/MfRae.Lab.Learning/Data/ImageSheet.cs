using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>A grid of grey or colour images as one PNG file.</summary>
public static class ImageSheet
{
    private const int Gap = 1;

    /// <summary>images uint8 [N, 1 or 3, H, W], row by row, with a gap of one white pixel between them.</summary>
    public static void Write(string path, Tensor images, int columns)
    {
        using var scope = NewDisposeScope();
        var (count, height, width) = ((int)images.shape[0], (int)images.shape[2], (int)images.shape[3]);
        var rows = (count + columns - 1) / columns;
        var grey = images.shape[1] == 1;
        using var bitmap = new SKBitmap(
            (columns * (width + Gap)) - Gap, (rows * (height + Gap)) - Gap, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(SKColors.White);
        var pixels = grey ? images.cpu() : cat([images.cpu(), full_like(images.cpu().narrow(1, 0, 1), byte.MaxValue)], 1);
        ReadOnlySpan<byte> source = pixels.permute(0, 2, 3, 1).contiguous().bytes;
        var target = bitmap.GetPixelSpan();
        var line = width * bitmap.BytesPerPixel;
        for (var i = 0; i < count; i++)
        {
            for (var y = 0; y < height; y++)
            {
                var row = (i / columns * (height + Gap)) + y;
                var column = i % columns * (width + Gap) * bitmap.BytesPerPixel;
                source.Slice(((i * height) + y) * line, line).CopyTo(target[((row * bitmap.RowBytes) + column)..]);
            }
        }

        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        using var file = File.Create(path);
        png.SaveTo(file);
    }
}
