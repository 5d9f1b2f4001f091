using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class GaussianMixtureTests
{
    public static TheoryData<string> Kinds => Mixtures.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Velocity_and_covariance_are_what_the_derivatives_of_the_density_say(string kind)
    {
        var mixture = Mixtures.Of(kind);
        var (z, _, t) = Mixtures.Points(mixture, 64);
        var forms = new ClosedFormChecks(mixture, 1e-9);

        forms.Velocity(z, t).Should().BeLessThan(1e-10);
        forms.Covariance(z, t).Should().BeLessThan(1e-10);
    }

    [Fact]
    public void On_the_line_velocity_and_covariance_are_moments_of_the_posterior_by_quadrature()
    {
        var mixture = Mixtures.Of("mixture1d");
        var (z, _, t) = Mixtures.Points(mixture, 20);
        var at = mixture.At(z, t);
        var (velocity, covariance) = (at.Velocity(), at.Covariance());
        for (var i = 0; i < 20; i++)
        {
            var (mean, variance) = Quadrature(z[i, 0].item<double>(), t[i].item<double>());

            velocity[i, 0].item<double>().Should().BeApproximately(mean, 1e-10 * (1 + Math.Abs(mean)));
            covariance[i, 0, 0].item<double>().Should().BeApproximately(variance, 1e-10 * (1 + variance));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_jacobian_of_the_velocity_is_its_derivative(string kind)
    {
        var mixture = Mixtures.Of(kind);
        var (z, _, t) = Mixtures.Points(mixture, 16);
        var point = z.clone().requires_grad_(true);
        var velocity = mixture.Velocity(point, t);
        var rows = Enumerable.Range(0, (int)mixture.Dimension)
            .Select(i => autograd.grad([velocity.select(1, i).sum()], [point], retain_graph: true)[0]);

        var jacobian = mixture.At(z, t).Jacobian();

        Difference(jacobian, stack(rows, 1)).Should().BeLessThan(1e-10);
        // The covariance says the same: ∂v/∂z = (I - (1 - t) C) / t.
        var (unit, time) = (eye(mixture.Dimension, dtype: float64), t.view(-1, 1, 1));
        Difference(jacobian, (unit - ((1 - time) * mixture.At(z, t).Covariance())) / time).Should().BeLessThan(1e-10);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Draws_and_cubature_have_the_posteriors_mean_and_covariance(string kind)
    {
        const int count = 50_000;
        var mixture = Mixtures.Of(kind);
        var (z, _, t) = Mixtures.Points(mixture, 4);
        var at = mixture.At(z, t);

        var draws = at.Draw(Mixtures.Random(), "draw", 0, count);
        var deviation = at.Covariance().diagonal(0, 1, 2).sum(-1).max().sqrt().item<double>();
        Difference(draws.mean([1]), at.Velocity()).Should().BeLessThan(5 * deviation / Math.Sqrt(count));
        var apart = draws - at.Velocity().unsqueeze(1);
        Difference(einsum("bnj,bnl->bjl", apart, apart) / count, at.Covariance())
            .Should().BeLessThan(20 * deviation * deviation / Math.Sqrt(count));

        var (points, weights) = at.Cubature();
        weights.sum(-1).sub(1).abs().max().item<double>().Should().BeLessThan(1e-12);
        Difference(einsum("bn,bnj->bj", weights, points), at.Velocity()).Should().BeLessThan(1e-12);
        apart = points - at.Velocity().unsqueeze(1);
        Difference(einsum("bn,bnj,bnl->bjl", weights, apart, apart), at.Covariance()).Should().BeLessThan(1e-12);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Samples_have_the_mean_and_covariance_of_the_mixture(string kind)
    {
        const int count = 200_000;
        var mixture = Mixtures.Of(kind);
        var mean = mixture.Weights.matmul(mixture.Means);
        var apart = mixture.Means - mean;
        var covariance = einsum("k,kij->ij", mixture.Weights, mixture.Covariances) + einsum("k,ki,kj->ij", mixture.Weights, apart, apart);

        var samples = mixture.Sample(Mixtures.Random(), 0, count);

        Difference(samples.mean([0]), mean).Should().BeLessThan(0.03);
        Difference((samples - mean).t().matmul(samples - mean) / count, covariance).Should().BeLessThan(0.06);
        (mixture.Sample(Mixtures.Random(), 0, 5) == samples.slice(0, 0, 5, 1)).all().item<bool>()
            .Should().BeFalse("the numbers of a step are drawn together");
        (mixture.Sample(Mixtures.Random(), 3, 5) == mixture.Sample(Mixtures.Random(), 3, 5)).all().item<bool>().Should().BeTrue();
    }

    private static double Difference(Tensor one, Tensor other) => (one - other).abs().max().item<double>();

    // E[v̂ | z] and Var(v̂ | z) with v̂ = (z - x) / t, over p(x) N(z; (1 - t) x, t²), by the trapezoidal rule on a fine grid: for a smooth
    // integrand that vanishes at both ends its error falls faster than any power of the step.
    private static (double Mean, double Variance) Quadrature(double z, double t)
    {
        var options = Mixtures.Line;
        const double step = 0.004;
        var (mass, first, second) = (0.0, 0.0, 0.0);
        for (var x = -8.0; x <= 8; x += step)
        {
            var density = 0.0;
            for (var k = 0; k < options.Means.Count; k++)
            {
                var score = (x - options.Means[k]) / options.Deviations[k];
                density += options.Weights[k] / options.Deviations[k] * Math.Exp(-0.5 * score * score);
            }
            var likelihood = density * Math.Exp(-0.5 * Math.Pow((z - ((1 - t) * x)) / t, 2));
            var velocity = (z - x) / t;
            mass += likelihood;
            first += likelihood * velocity;
            second += likelihood * velocity * velocity;
        }
        return (first / mass, (second / mass) - Math.Pow(first / mass, 2));
    }
}
