using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Compares the closed forms of docs/method.md §6 with independent computations: the derivatives of log p_t by automatic
/// differentiation, the flow by the solver. Each result is the largest error over the points, relative to the length of the vector (or
/// the norm of the matrix) at the point.
/// </summary>
public sealed class ClosedFormChecks(GaussianMixture mixture, double tolerance)
{
    // log p_t is differentiated away from both ends of time, where it is a difference of large numbers.
    private const double Margin = 0.05;

    // The numbers in a batch of points in many dimensions.
    private const long NumbersAtOnce = 1 << 18;

    /// <summary>Points z [count, d] of the path at times t, and earlier times r.</summary>
    public (Tensor Z, Tensor R, Tensor T) Points(RandomSource random, long count) => Points(mixture, random, count);

    private static (Tensor Z, Tensor R, Tensor T) Points(IDistribution distribution, RandomSource random, long count)
    {
        var t = Margin + ((1 - (2 * Margin)) * random.Uniform("check time", 0, count).to(float64));
        var r = t * random.Uniform("check earlier time", 0, count).to(float64);
        var noise = random.Normal("check noise", 0, count, distribution.Dimension).to(float64);
        return (lerp(distribution.Sample(random, 0, count), noise, t.unsqueeze(1)), r, t);
    }

    /// <summary>v against -(z + t ∇log p_t) / (1 - t).</summary>
    public double Velocity(Tensor z, Tensor t)
    {
        var (score, _) = Derivatives(z, t);
        var noise = t.unsqueeze(1);
        return Largest(mixture.Velocity(z, t), -(z + (noise * score)) / (1 - noise));
    }

    /// <summary>C against (I + t² ∇²log p_t) / (1 - t)².</summary>
    public double Covariance(Tensor z, Tensor t)
    {
        var (_, curvature) = Derivatives(z, t);
        var noise = t.view(-1, 1, 1);
        var unit = eye(mixture.Dimension, dtype: float64);
        return Largest(mixture.At(z, t).Covariance(), (unit + (noise.square() * curvature)) / (1 - noise).square());
    }

    /// <summary>
    /// Average velocity and flow Jacobian of related distributions with a closed form against the solver: the first component, and the
    /// projection to the first coordinate. For a single Gaussian and for a mixture on the line this is the distribution itself.
    /// </summary>
    public (double Velocity, double Jacobian) Flow(RandomSource random, long count)
    {
        var single = new GaussianMixture(mixture.Weights.slice(0, 0, 1, 1), mixture.Means.slice(0, 0, 1, 1), mixture.Covariances.slice(
            0, 0, 1, 1));
        var line = new GaussianMixture(mixture.Weights, mixture.Means.slice(1, 0, 1, 1), mixture.Covariances.slice(1, 0, 1, 1).slice(
            2, 0, 1, 1).contiguous());
        (GaussianMixture Mixture, IFlow Exact)[] relatives =
            [(single, new GaussianFlow(single.Means[0], single.Covariances[0])), (line, new QuantileFlow(line))];
        var (velocity, jacobian) = (0.0, 0.0);
        foreach (var (relative, exact) in relatives)
        {
            var (z, r, t) = new ClosedFormChecks(relative, tolerance).Points(random, count);
            var solved = new SolvedFlow(relative, tolerance);
            velocity = Math.Max(velocity, Largest(exact.AverageVelocity(z, r, t), solved.AverageVelocity(z, r, t)));
            jacobian = Math.Max(jacobian, Largest(exact.Jacobian(z, r, t), solved.Jacobian(z, r, t)));
        }
        return (velocity, jacobian);
    }

    /// <summary>All checks of a mixture, at random points.</summary>
    public static (double Velocity, double Covariance, double AverageVelocity, double Jacobian) Of(
        GaussianMixture mixture, RandomSource random, long count, double tolerance)
    {
        var forms = new ClosedFormChecks(mixture, tolerance);
        var (z, _, t) = forms.Points(random, count);
        var (averageVelocity, jacobian) = forms.Flow(random, count);
        return (forms.Velocity(z, t), forms.Covariance(z, t), averageVelocity, jacobian);
    }

    /// <summary>
    /// The checks of modes on the diagonal: velocity and average velocity in all dimensions, covariance and Jacobian along the diagonal.
    /// </summary>
    /// <param name="count">Points on the line; in many dimensions there are fewer.</param>
    public static (double Velocity, double Covariance, double AverageVelocity, double Jacobian) Of(
        DiagonalModes modes, RandomSource random, long count, double tolerance)
    {
        var line = new ClosedFormChecks(modes.Line, tolerance);
        var (coordinates, _, times) = line.Points(random, count);
        var (_, jacobian) = line.Flow(random, count);

        var few = Math.Clamp(NumbersAtOnce / modes.Dimension, 1, count);
        var (z, r, t) = Points(modes, random, few);
        var point = z.detach().clone().requires_grad_(true);
        var score = autograd.grad([modes.LogDensity(point, t).sum()], [point])[0];
        var noise = t.unsqueeze(1);
        var solved = new FixedPoint(modes.Velocity, modes.Velocity, tolerance).AverageVelocity(z, r, t);
        return (
            Largest(modes.Velocity(z, t), -(z + (noise * score)) / (1 - noise)),
            line.Covariance(coordinates, times),
            Largest(new DiagonalFlow(modes).AverageVelocity(z, r, t), solved),
            jacobian);
    }

    private static double Largest(Tensor value, Tensor other)
    {
        var difference = (value - other).flatten(1).norm(1);
        return (difference / other.flatten(1).norm(1)).max().item<double>();
    }

    // ∇log p_t [B, d] and ∇²log p_t [B, d, d], with log p_t from the inverse matrices S_k⁻¹ and not from eigenvalues.
    private (Tensor Score, Tensor Curvature) Derivatives(Tensor z, Tensor t)
    {
        var (batch, size) = (z.shape[0], mixture.Dimension);
        var data = (1 - t).view(-1, 1, 1);
        var covariances = (data.square().unsqueeze(-1) * mixture.Covariances)
            + (t.square().view(-1, 1, 1, 1) * eye(size, dtype: float64));
        var inverses = linalg.inv(covariances);
        var point = z.detach().clone().requires_grad_(true);
        var apart = point.unsqueeze(1) - (data * mixture.Means);
        var logits = mixture.Weights.log() - (0.5 * (einsum("bki,bkij,bkj->bk", apart, inverses, apart) + covariances.logdet()));
        var score = autograd.grad([logits.logsumexp(1).sum()], [point], create_graph: true, retain_graph: true)[0];
        var rows = Enumerable.Range(0, (int)size)
            .Select(i => autograd.grad([score.select(1, i).sum()], [point], retain_graph: true)[0]);
        return (score.detach(), stack(rows, 1).view(batch, size, size));
    }
}
