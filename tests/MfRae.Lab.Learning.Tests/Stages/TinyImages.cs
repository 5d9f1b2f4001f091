using SkiaSharp;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>An image folder of three classes: PNG and JPEG files of 32 to 64 pixels, a colour for each class under noise.</summary>
internal static class TinyImages
{
    public const int Side = 32;
    public const int Classes = 3;
    public const int Train = 6;
    public const int Test = 4;

    private static readonly string[] Names = ["cat", "dog", "fish"];

    public static void Write(string folder)
    {
        var random = new Random(3);
        foreach (var (split, count) in new[] { ("train", Train), ("val", Test) })
        {
            for (var label = 0; label < Classes; label++)
            {
                var inside = Directory.CreateDirectory(Path.Combine(folder, split, Names[label])).FullName;
                for (var i = 0; i < count; i++)
                    Write(Path.Combine(inside, i % 2 == 0 ? $"{i}.png" : $"{i}.jpg"), label, random);
            }
        }
    }

    private static void Write(string path, int label, Random random)
    {
        using var bitmap = new SKBitmap(random.Next(Side, 65), random.Next(Side, 65), SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (var y = 0; y < bitmap.Height; y++)
        {
            for (var x = 0; x < bitmap.Width; x++)
            {
                byte Of(int channel) => (byte)(random.Next(80) + (channel == label ? 150 : x + y));
                bitmap.SetPixel(x, y, new SKColor(Of(0), Of(1), Of(2)));
            }
        }

        var format = path.EndsWith(".png", StringComparison.Ordinal) ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg;
        using var data = bitmap.Encode(format, 95);
        File.WriteAllBytes(path, data.ToArray());
    }
}
