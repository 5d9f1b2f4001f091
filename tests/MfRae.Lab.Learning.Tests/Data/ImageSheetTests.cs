using MfRae.Lab.Learning.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class ImageSheetTests
{
    [Fact]
    public void Images_lie_row_by_row_with_a_white_gap()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("sheet.png");
        ImageSheet.Write(path, tensor(new byte[] { 10, 20, 30, 40, 50, 60 }, [6, 1, 1, 1]), 2);
        using var bitmap = SKBitmap.Decode(path);
        (bitmap.Width, bitmap.Height).Should().Be((3, 5));
        bitmap.GetPixel(0, 0).Red.Should().Be(10);
        bitmap.GetPixel(2, 0).Red.Should().Be(20);
        bitmap.GetPixel(0, 4).Red.Should().Be(50);
        bitmap.GetPixel(1, 0).Red.Should().Be(255);
    }

    [Fact]
    public void Colours_stay_in_their_places()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("sheet.png");
        ImageSheet.Write(path, arange(2 * 3 * 4, dtype: uint8).view(2, 3, 2, 2), 2);
        using var bitmap = SKBitmap.Decode(path);
        (bitmap.Width, bitmap.Height).Should().Be((5, 2));
        bitmap.GetPixel(0, 0).Should().Be(new SKColor(0, 4, 8));
        bitmap.GetPixel(1, 1).Should().Be(new SKColor(3, 7, 11));
        bitmap.GetPixel(3, 0).Should().Be(new SKColor(12, 16, 20));
        bitmap.GetPixel(2, 0).Should().Be(SKColors.White);
    }
}
