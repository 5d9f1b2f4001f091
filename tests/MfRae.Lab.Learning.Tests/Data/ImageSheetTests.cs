using MfRae.Lab.Learning.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Data;

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
}
