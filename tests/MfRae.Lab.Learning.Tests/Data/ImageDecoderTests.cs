using MfRae.Lab.Core.Experiments;
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
        ImageDecoder.Decode(GoldenImages.Path(name)).Should().BeEquivalentTo(GoldenImages.Image(name, "decoded"));

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("odd.png")]
    public void An_image_that_is_cut_short_is_named(string name)
    {
        var whole = File.ReadAllBytes(GoldenImages.Path(name));
        var path = _folder.File(name);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);

        FluentActions.Invoking(() => ImageDecoder.Decode(path)).Should().Throw<LabException>().WithMessage($"*{name} is a damaged image*");
    }

    [Fact]
    public void What_is_no_image_is_named()
    {
        var path = _folder.File("text.jpg");
        File.WriteAllText(path, "not an image");

        FluentActions.Invoking(() => ImageDecoder.Decode(path)).Should().Throw<LabException>().WithMessage("*text.jpg is no image*");
        FluentActions.Invoking(() => ImageDecoder.Decode(_folder.File("none.png"))).Should().Throw<LabException>().WithMessage("*none.png*");
    }
}
