using SkiaSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>A grid of grey images as one PNG file.</summary>
public static class ImageSheet
{
    /// <summary>images uint8 [N, 1, H, W], N = rows × columns, row by row, with a gap of one white pixel between them.</summary>
    public static void Write(string path, Tensor images, int columns)
    {
        const int Gap = 1;
        var (count, height, width) = ((int)images.shape[0], (int)images.shape[2], (int)images.shape[3]);
        var rows = (count + columns - 1) / columns;
        using var bitmap = new SKBitmap(
            (columns * (width + Gap)) - Gap, (rows * (height + Gap)) - Gap, SKColorType.Gray8, SKAlphaType.Opaque);
        bitmap.Erase(SKColors.White);
        using var contiguous = images.cpu().contiguous();
        ReadOnlySpan<byte> source = contiguous.bytes;
        var target = bitmap.GetPixelSpan();
        for (var i = 0; i < count; i++)
        {
            for (var y = 0; y < height; y++)
            {
                var row = (i / columns * (height + Gap)) + y;
                var line = source.Slice(((i * height) + y) * width, width);
                line.CopyTo(target[((row * bitmap.RowBytes) + (i % columns * (width + Gap)))..]);
            }
        }
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        using var file = File.Create(path);
        png.SaveTo(file);
    }
}
