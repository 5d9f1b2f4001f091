using MfRae.Lab.Core.Images;
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

    [Theory]
    [InlineData(28, 80, 20)]
    [InlineData(64, 72, 9)]
    public void Small_images_are_shown_as_they_are(int side, int count, int columns)
    {
        using var folder = new TemporaryFolder();
        ImageSheet.Write(folder.File("sheet.png"), zeros(count, 1, side, side, dtype: uint8), columns);

        using var bitmap = SKBitmap.Decode(folder.File("sheet.png"));
        bitmap.Width.Should().Be((columns * (side + 1)) - 1);
        File.Exists(folder.File("sheet.full.png")).Should().BeFalse();
    }

    [Theory]
    [InlineData(256, 64, 8)]
    [InlineData(512, 10, 10)]
    [InlineData(256, 3, 8)]
    [InlineData(1024, 1, 8)]
    public void Large_images_are_reduced_and_kept_at_full_size_in_another_file(int side, int count, int columns)
    {
        using var folder = new TemporaryFolder();
        var halves = cat([zeros(count, 3, side, side / 2, dtype: uint8), full(count, 3, side, side / 2, 200, dtype: uint8)], 3);
        ImageSheet.Write(folder.File("sheet.png"), halves, columns);

        using var shown = SKBitmap.Decode(folder.File("sheet.png"));
        using var whole = SKBitmap.Decode(folder.File("sheet.full.png"));
        shown.Width.Should().BeLessThanOrEqualTo(640).And.BeGreaterThan(0);
        shown.Height.Should().BeLessThanOrEqualTo(640);
        whole.Width.Should().Be((columns * (side + 1)) - 1);
        shown.GetPixel(0, 0).Red.Should().Be(0);
        PngText.Of(File.ReadAllBytes(folder.File("sheet.png")), PngText.FullSize).Should().Be("sheet.full.png");
    }
}
