using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class ImageDecoderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("odd.png")]
    [InlineData("wide.png")]
    [InlineData("photo.jpg")]
    [InlineData("grey.jpg")]
    [InlineData("transparent.png")]
    public void Images_decode_to_the_bytes_that_Pillow_sees(string name) =>
        RgbImage.Decode(GoldenImages.Path(name)).Should().BeEquivalentTo(GoldenImages.Image(name, "decoded"));

    [Fact]
    public void A_bitmap_decodes_to_the_bytes_in_its_file()
    {
        var path = Golden.Path("cases", "mixed-extensions/5.bmp");
        var file = File.ReadAllBytes(path);
        var image = RgbImage.Decode(path);

        // Rows from the bottom, of blue, green and red, each filled up to four bytes.
        var stride = ((image.Width * 3) + 3) / 4 * 4;
        var start = BitConverter.ToInt32(file, 10);
        BitConverter.ToInt16(file, 28).Should().Be(24, "bits a pixel");
        for (var i = 0; i < image.Width * image.Height; i++)
        {
            var at = start + ((image.Height - 1 - (i / image.Width)) * stride) + (i % image.Width * 3);
            image.Values[(3 * i)..((3 * i) + 3)].Should().Equal(file[at + 2], file[at + 1], file[at]);
        }
    }

    [Fact]
    public void A_webp_image_decodes()
    {
        var image = RgbImage.Decode(Golden.Path("cases", "mixed-extensions/4.webp"));

        (image.Width, image.Height, image.Values.Length).Should().Be((28, 28, 28 * 28 * 3));
        image.Values.Distinct().Should().HaveCountGreaterThan(10);
    }

    /// <summary>A collection on a thread that decodes would free arguments of native calls of the training thread.</summary>
    [Fact]
    public void Decoding_and_cropping_allocate_only_small_objects()
    {
        const int Side = 32;
        const int Images = 20;
        var planes = new byte[PixelBuffer.Colours * Side * Side];
        void Read()
        {
            using var image = ImageDecoder.Decode(GoldenImages.Path("photo.jpg"));
            CentreCrop.Apply(image, Side, planes);
        }

        Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Images; i++)
            Read();

        ((GC.GetAllocatedBytesForCurrentThread() - before) / Images).Should().BeLessThan(4096, "the handles of files and codecs remain");
    }

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("odd.png")]
    public void An_image_that_is_cut_short_is_named(string name)
    {
        var whole = File.ReadAllBytes(GoldenImages.Path(name));
        var path = _folder.File(name);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);

        FluentActions.Invoking(() => RgbImage.Decode(path)).Should().Throw<LabException>().WithMessage($"*{name} is a damaged image*");
    }

    [Fact]
    public void What_is_no_image_is_named()
    {
        var path = _folder.File("text.jpg");
        File.WriteAllText(path, "not an image");

        FluentActions.Invoking(() => RgbImage.Decode(path)).Should().Throw<LabException>().WithMessage("*text.jpg cannot be decoded as an image*");
        FluentActions.Invoking(() => RgbImage.Decode(_folder.File("none.png"))).Should().Throw<LabException>().WithMessage("*none.png*");
    }
}
