using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class FlowTests
{
    private const double Tolerance = 1e-10;

    public static TheoryData<string> Kinds => Mixtures.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Closed_forms_of_the_flow_agree_with_the_solver(string kind)
    {
        var forms = new ClosedFormChecks(Mixtures.Of(kind), Tolerance);

        var (velocity, jacobian) = forms.Flow(Mixtures.Random(), 16);

        velocity.Should().BeLessThan(1e-8);
        jacobian.Should().BeLessThan(1e-8);
    }

    [Fact]
    public void Options_choose_the_most_exact_flow()
    {
        Flow("gaussian").Should().BeOfType<GaussianFlow>();
        Flow("mixture1d").Should().BeOfType<QuantileFlow>();
        Flow("ring").Should().BeOfType<SolvedFlow>();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_jacobian_is_the_derivative_of_the_map(string kind)
    {
        const double step = 1e-4;
        var mixture = Mixtures.Of(kind);
        var flow = OracleDistributions.Flow(mixture, Tolerance);
        var (z, r, t) = Mixtures.Points(mixture, 8);
        Tensor Map(Tensor z) => z - ((t - r).unsqueeze(1) * flow.AverageVelocity(z, r, t));
        var columns = Enumerable.Range(0, (int)mixture.Dimension).Select(i =>
        {
            var along = eye(mixture.Dimension, dtype: float64)[i] * step;
            // Of fourth order: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
            return ((8 * (Map(z + along) - Map(z - along))) - (Map(z + (2 * along)) - Map(z - (2 * along)))) / (12 * step);
        });

        Difference(flow.Jacobian(z, r, t), stack(columns, 2)).Should().BeLessThan(1e-6);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Over_no_time_the_average_velocity_is_the_velocity(string kind)
    {
        var mixture = Mixtures.Of(kind);
        var flow = OracleDistributions.Flow(mixture, Tolerance);
        var (z, _, t) = Mixtures.Points(mixture, 8);

        Difference(flow.AverageVelocity(z, t, t), mixture.Velocity(z, t)).Should().BeLessThan(1e-12);
        Difference(flow.Jacobian(z, t, t), eye(mixture.Dimension, dtype: float64).expand(8, -1, -1)).Should().BeLessThan(1e-12);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_flow_carries_noise_to_the_distribution(string kind)
    {
        const int count = 1_000;
        var mixture = Mixtures.Of(kind);
        var noise = Mixtures.Random().Normal("noise", 0, count, mixture.Dimension).to(float64);

        var data = noise - OracleDistributions.Flow(mixture, 1e-5).AverageVelocity(noise, zeros(count, dtype: float64), ones(
            count, dtype: float64));

        var mean = mixture.Weights.matmul(mixture.Means);
        Difference(data.mean([0]), mean).Should().BeLessThan(0.2);
        // At the end the distribution is the mixture: the mean log density is its negative entropy, as for samples of the mixture.
        var own = mixture.Sample(Mixtures.Random(), 0, count);
        LogDensity(mixture, data).Should().BeApproximately(LogDensity(mixture, own), 0.12);
    }

    [Fact]
    public void Far_out_in_a_tail_quantiles_keep_their_digits()
    {
        var mixture = Mixtures.Of("mixture1d");
        var z = tensor(new[] { -7.0, 6.5 }).unsqueeze(1);
        var (r, t) = (zeros(2, dtype: float64), ones(2, dtype: float64));

        var quantiles = new QuantileFlow(mixture).AverageVelocity(z, r, t);

        Difference(quantiles, new SolvedFlow(mixture, Tolerance).AverageVelocity(z, r, t)).Should().BeLessThan(1e-8);
    }

    [Fact]
    public void Quantiles_are_for_the_line_alone() =>
        FluentActions.Invoking(() => new QuantileFlow(Mixtures.Of("ring"))).Should().Throw<ArgumentException>();

    private static IFlow Flow(string kind) => OracleDistributions.Flow(Mixtures.Of(kind), Tolerance);

    private static double Difference(Tensor one, Tensor other) => (one - other).abs().max().item<double>();

    private static double LogDensity(GaussianMixture mixture, Tensor x)
    {
        var apart = x.unsqueeze(1) - mixture.Means;
        var logits = mixture.Weights.log() - (0.5 * (einsum("bki,kij,bkj->bk", apart, linalg.inv(mixture.Covariances), apart)
            + mixture.Covariances.logdet()));
        return logits.logsumexp(1).mean().item<double>();
    }
}
