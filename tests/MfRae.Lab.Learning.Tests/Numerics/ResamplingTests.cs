using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Tests.Numerics;

/// <summary>Against libtorch's own interpolation in float64, which knows all but the corner-aligned form.</summary>
[Scoped]
public sealed class ResamplingTests
{
    public static TheoryData<long, long> Sizes() => new()
    {
        { 16, 14 }, { 37, 16 }, { 37, 32 }, { 7, 7 }, { 5, 12 }, { 3, 1 }, { 1, 4 }, { 9, 2 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bicubic_is_the_interpolation_of_libtorch(long from, long to) =>
        Agree(Resampling.Bicubic(from, to), from, to, InterpolationMode.Bicubic, antialias: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bicubic_with_antialias_is_the_interpolation_of_libtorch(long from, long to) =>
        Agree(Resampling.BicubicAntialiased(from, to), from, to, InterpolationMode.Bicubic, antialias: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bilinear_is_the_interpolation_of_libtorch(long from, long to) =>
        Agree(Resampling.Bilinear(from, to), from, to, InterpolationMode.Bilinear, antialias: false);

    [Fact]
    public void Corner_aligned_bilinear_puts_sample_zero_on_sample_zero()
    {
        var values = Resampling.BilinearCorner(4, 8).mv(arange(4, dtype: ScalarType.Float64));
        values.data<double>().ToArray().Should().Equal(0, 0.5, 1, 1.5, 2, 2.5, 3, 3);
    }

    [Fact]
    public void Rows_and_columns_are_resized_each_by_its_own_matrix()
    {
        var image = new RandomSource(0, CPU).Normal("image", 0, 2, 3, 6, 4).to(ScalarType.Float64);
        var resized = Resampling.Apply(image, Resampling.Bilinear(6, 5), Resampling.Bilinear(4, 9));
        var expected = F.interpolate(image, [5, 9], mode: InterpolationMode.Bilinear, align_corners: false);
        (resized - expected).abs().max().item<double>().Should().BeLessThan(1e-12);
    }

    private static void Agree(Tensor matrix, long from, long to, InterpolationMode mode, bool antialias)
    {
        var image = new RandomSource(0, CPU).Normal("image", 0, 1, 2, from, from).to(ScalarType.Float64);
        var expected = F.interpolate(image, [to, to], mode: mode, align_corners: false, antialias: antialias);
        (Resampling.Apply(image, matrix, matrix) - expected).abs().max().item<double>().Should().BeLessThan(1e-12);
    }
}
