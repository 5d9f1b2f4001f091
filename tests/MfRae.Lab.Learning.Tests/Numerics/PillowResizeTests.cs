using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Numerics;

[Scoped]
public sealed class PillowResizeTests
{
    /// <summary>The centre crop resizes in Pillow's integers, which the golden images hold to Pillow itself.</summary>
    [Theory]
    [InlineData(31, 47)]
    [InlineData(64, 40)]
    [InlineData(28, 224)]
    public void It_makes_the_bytes_that_integers_make(int from, int to)
    {
        using var scope = NewDisposeScope();
        var images = (new RandomSource(2, CPU).Uniform("image", 0, 1, from, from, 3) * 255).to(ScalarType.Byte);
        var expected = new RgbImage(from, from, images.data<byte>().ToArray()).Crop(to).Values;

        var resized = PillowResize.Apply(images.permute(0, 3, 1, 2), to).permute(0, 2, 3, 1).contiguous().data<float>().ToArray();

        var differing = resized.Zip(expected).Count(pair => pair.First != pair.Second);
        differing.Should().BeLessThan(expected.Length / 1000, "of halves that float32 does not see");
        resized.Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThanOrEqualTo(1);
    }
}
