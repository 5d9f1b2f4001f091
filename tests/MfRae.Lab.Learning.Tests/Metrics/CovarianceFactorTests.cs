using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Covariances of known spectra, for which the distance has a closed form.</summary>
[Scoped]
public sealed class CovarianceFactorTests
{
    private const int Width = 48;

    public static TheoryData<int, int, double> Spectra => new()
    {
        // Directions that are empty in the first and in the second, and the smallest eigenvalue of all other directions.
        { 0, 0, 1e-2 },
        { 0, 0, 1e-9 },
        { 20, 0, 1e-2 },
        { 0, 20, 1e-2 },
        { 20, 30, 1e-6 },
        { 47, 47, 1 },
        { 48, 0, 1e-2 },
        { 48, 48, 1 },
    };

    // With equal eigenvectors tr (Σ₁ Σ₂)^½ = Σ sqrt(a b).
    [Theory]
    [MemberData(nameof(Spectra))]
    public void The_distance_is_that_of_the_spectra(int empty1, int empty2, double smallest)
    {
        using var scope = NewDisposeScope();
        var basis = Basis();
        var (a, b) = (Spectrum(empty1, smallest, 1), Spectrum(empty2, smallest, 3));
        var expected = a.Zip(b, (x, y) => x + y - (2 * Math.Sqrt(x * y))).Sum() + Width;
        var (first, second) = (Statistics(basis, a, 0), Statistics(basis, b, 1));

        FrechetDistance.Between(first, second).Should().BeApproximately(expected, 1e-11 * expected);
        FrechetDistance.Between(second, first).Should().BeApproximately(expected, 1e-11 * expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(48)]
    public void A_factor_times_itself_is_the_covariance(int empty)
    {
        using var scope = NewDisposeScope();
        var covariance = Statistics(Basis(), Spectrum(empty, 1e-3, 1), 0).Covariance;
        var spectral = CovarianceFactor.Spectral(covariance);
        var triangular = CovarianceFactor.Triangular(covariance);

        spectral.shape.Should().Equal(Width, Width - empty);
        (spectral.mm(spectral.t()) - covariance).abs().max().item<double>().Should().BeLessThan(1e-14);
        (triangular is null).Should().Be(empty > 0);
        if (triangular is not null)
            (triangular.mm(triangular.t()) - covariance).abs().max().item<double>().Should().BeLessThan(1e-14);
    }

    private static double[] Spectrum(int empty, double smallest, double scale) =>
        [.. Enumerable.Range(0, Width).Select(i => i < empty ? 0 : scale * Math.Pow(smallest, (double)(i - empty) / Width))];

    private static FeatureStatistics Statistics(Tensor basis, double[] spectrum, double mean) =>
        new(full(Width, mean, dtype: float64), basis.mm(diag(tensor(spectrum))).mm(basis.t()));

    private static Tensor Basis()
    {
        var (basis, _) = linalg.qr(randn(Width, Width, dtype: float64, generator: new Generator(7)));
        return basis;
    }
}
