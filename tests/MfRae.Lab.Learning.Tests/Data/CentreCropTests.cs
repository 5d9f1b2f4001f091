using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class CentreCropTests
{
    [Theory]
    [InlineData("odd.png", 16)]
    [InlineData("wide.png", 24)]
    [InlineData("photo.jpg", 32)]
    [InlineData("grey.jpg", 20)]
    [InlineData("transparent.png", 24)]
    public void Crops_are_those_of_ADM_to_the_byte(string name, int side)
    {
        var crop = GoldenImages.Image(name, "decoded").Crop(side);

        crop.Should().BeEquivalentTo(GoldenImages.Image(name, side.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
