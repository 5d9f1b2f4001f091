using MfRae.Lab.Core.Images;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Data;

/// <summary>A grid of grey or colour images as one PNG file.</summary>
public static class ImageSheet
{
    private const int Gap = 1;

    // The largest width and height on a page.
    private const int MostPixels = 640;

    /// <summary>
    /// Writes images uint8 [N, 1 or 3, H, W] row by row, with a gap of one white pixel. A sheet that would be wider or higher than a page
    /// is written with smaller images, and the sheet at full size goes to another file, NAME.full.png, which the smaller one names.
    /// </summary>
    public static void Write(string path, Tensor images, int columns)
    {
        using var scope = NewDisposeScope();
        var (count, height, width) = (images.shape[0], images.shape[2], images.shape[3]);
        var rows = (count + columns - 1) / columns;
        var factor = Math.Min(1, Math.Min(Factor(columns, width), Factor(rows, height)));
        if (factor == 1)
        {
            File.WriteAllBytes(path, Draw(images, columns));
            return;
        }

        var full = Path.ChangeExtension(path, ".full.png");
        File.WriteAllBytes(full, Draw(images, columns));
        long[] size = [Math.Max(1, (long)(height * factor)), Math.Max(1, (long)(width * factor))];
        var reduced = F.adaptive_avg_pool2d(images.cpu().to(float32), size).round_().to(uint8);
        File.WriteAllBytes(path, PngText.With(Draw(reduced, columns), PngText.FullSize, Path.GetFileName(full)));
    }

    // The factor by which images of a side are reduced so that a row of them fits.
    private static double Factor(long count, long side) => (((MostPixels + Gap) / (double)count) - Gap) / side;

    private static byte[] Draw(Tensor images, int columns)
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
        return png.ToArray();
    }
}
