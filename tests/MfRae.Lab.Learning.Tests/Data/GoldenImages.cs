using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Learning.Tests.Data;

/// <summary>
/// Images and what Pillow 9.4 makes of them: decoded to RGB, and cropped as ADM does; tests/Golden/images/README.md says how.
/// </summary>
internal static class GoldenImages
{
    public static string Path(string name) => Golden.Path("images", name);

    /// <summary>What a file holds, by its name and `decoded` or the side of the crop.</summary>
    public static RgbImage Image(string name, string what)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var values = Safetensors.Read(Path("images.safetensors"))[$"{name}.{what}"];
        return new((int)values.shape[1], (int)values.shape[0], values.contiguous().bytes.ToArray());
    }
}

/// <summary>A colour image: rows of red, green, blue.</summary>
/// <param name="Values">Width · Height · 3 bytes.</param>
internal sealed record RgbImage(int Width, int Height, byte[] Values)
{
    public static RgbImage Decode(string path)
    {
        using var pixels = ImageDecoder.Decode(path);
        var planes = new byte[3 * pixels.Width * pixels.Height];
        pixels.CopyPlanes(0, 0, pixels.Width, pixels.Height, planes);
        return new(pixels.Width, pixels.Height, Interleaved(planes));
    }

    public RgbImage Crop(int side)
    {
        using var pixels = new PixelBuffer(Width, Height);
        for (var i = 0; i < Width * Height; i++)
            Values.AsSpan(3 * i, 3).CopyTo(pixels.Bytes[(4 * i)..]);
        var planes = new byte[3 * side * side];
        CentreCrop.Apply(pixels, side, planes);
        return new(side, side, Interleaved(planes));
    }

    private static byte[] Interleaved(byte[] planes) =>
        [.. Enumerable.Range(0, planes.Length).Select(i => planes[(i % 3 * (planes.Length / 3)) + (i / 3)])];
}
