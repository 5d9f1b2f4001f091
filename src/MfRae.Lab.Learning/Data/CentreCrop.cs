namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Brings an image of any size to a square as ADM does (github.com/openai/guided-diffusion, whose reference statistics are made so):
/// halved while the shorter side is at least twice too long, then resized bicubically until it fits, and cut from the middle.
/// </summary>
public static class CentreCrop
{
    /// <summary>side · side · 3 bytes, by rows.</summary>
    public static RgbImage Apply(RgbImage image, int side)
    {
        while (Math.Min(image.Width, image.Height) >= 2 * side)
        {
            image = Resize(
                image, PixelFilter.Box(image.Width, image.Width / 2), PixelFilter.Box(image.Height, image.Height / 2));
        }

        var scale = (double)side / Math.Min(image.Width, image.Height);
        var (width, height) = ((int)Math.Round(image.Width * scale), (int)Math.Round(image.Height * scale));
        image = Resize(image, PixelFilter.Bicubic(image.Width, width), PixelFilter.Bicubic(image.Height, height));
        return Cut(image, (image.Width - side) / 2, (image.Height - side) / 2, side);
    }

    // Columns first, as Pillow; a direction that keeps its size is left alone.
    private static RgbImage Resize(RgbImage image, PixelFilter columns, PixelFilter rows)
    {
        const int channels = RgbImage.Channels;
        if (columns.Length != image.Width)
        {
            var values = new byte[columns.Length * image.Height * channels];
            for (int y = 0, to = 0; y < image.Height; y++)
            {
                for (var x = 0; x < columns.Length; x++)
                {
                    for (var channel = 0; channel < channels; channel++)
                        values[to++] = columns.Apply(image.Values, (y * image.Width * channels) + channel, channels, x);
                }
            }

            image = new(columns.Length, image.Height, values);
        }

        if (rows.Length != image.Height)
        {
            var stride = image.Width * channels;
            var values = new byte[rows.Length * stride];
            for (int y = 0, to = 0; y < rows.Length; y++)
            {
                for (var x = 0; x < stride; x++)
                    values[to++] = rows.Apply(image.Values, x, stride, y);
            }

            image = new(image.Width, rows.Length, values);
        }

        return image;
    }

    private static RgbImage Cut(RgbImage image, int left, int top, int side)
    {
        const int channels = RgbImage.Channels;
        var values = new byte[side * side * channels];
        for (var y = 0; y < side; y++)
        {
            image.Values.AsSpan((((top + y) * image.Width) + left) * channels, side * channels)
                .CopyTo(values.AsSpan(y * side * channels));
        }

        return new(side, side, values);
    }
}
