namespace MfRae.Lab.Learning.Data;

/// <summary>A colour image of any size: rows of red, green, blue.</summary>
/// <param name="Values">Width · Height · 3 bytes.</param>
public sealed record RgbImage(int Width, int Height, byte[] Values)
{
    public const int Channels = 3;
}
