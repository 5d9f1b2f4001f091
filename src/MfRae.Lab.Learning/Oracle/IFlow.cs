using MathNet.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>The flow of a marginal velocity, with the accuracy of float64 or of a solver (docs/method.md §6).</summary>
public interface IFlow
{
    /// <summary>u*(z, r, t) = (z - Φ_{t→r}(z)) / (t - r), and v where r = t: z [B, d], r ≤ t [B] → [B, d].</summary>
    Tensor AverageVelocity(Tensor z, Tensor r, Tensor t);

    /// <summary>J* = ∂Φ_{t→r}/∂z [B, d, d].</summary>
    Tensor Jacobian(Tensor z, Tensor r, Tensor t);

    /// <summary>J* times vectors: vectors [B, n, d] → [B, n, d].</summary>
    Tensor Push(Tensor z, Tensor r, Tensor t, Tensor vectors) => vectors.matmul(Jacobian(z, r, t).transpose(1, 2));
}

/// <summary>The flow of N(μ, Σ) in closed form (docs/method.md §6).</summary>
/// <param name="mean">[d].</param>
/// <param name="covariance">[d, d].</param>
public sealed class GaussianFlow(Tensor mean, Tensor covariance) : IFlow
{
    private readonly (Tensor Values, Tensor Vectors) _axes = linalg.eigh(covariance);

    /// <inheritdoc/>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var (before, after) = (Deviations(t), Deviations(r));
        // [I - S_r^½ S_t^-½] / (t - r) with S_t - S_r = (t - r) ((t + r) I - (2 - t - r) Σ) divided out: exact for r = t too.
        var sum = (t + r).unsqueeze(1);
        var slopes = (sum - ((2 - sum) * _axes.Values)) / ((before + after) * before);
        var coordinates = (z - ((1 - t).unsqueeze(1) * mean)).matmul(_axes.Vectors);
        return (slopes * coordinates).matmul(_axes.Vectors.t()) - mean;
    }

    /// <inheritdoc/>
    public Tensor Jacobian(Tensor z, Tensor r, Tensor t) =>
        einsum("ji,bi,li->bjl", _axes.Vectors, Deviations(r) / Deviations(t), _axes.Vectors);

    // Square roots of the eigenvalues of S_t: [B, d].
    private Tensor Deviations(Tensor t) => (((1 - t).square().unsqueeze(1) * _axes.Values) + t.square().unsqueeze(1)).sqrt();
}

/// <summary>
/// The flow of a Gaussian mixture on the line: trajectories do not cross, so it keeps quantiles, z_r = F_r⁻¹(F_t(z)) (docs/method.md §6).
/// </summary>
public sealed class QuantileFlow : IFlow
{
    private readonly GaussianMixture _mixture;
    private readonly double[] _weights;
    private readonly double[] _means;
    private readonly double[] _variances;

    /// <summary>The flow of a mixture.</summary>
    /// <param name="mixture">A mixture in one dimension.</param>
    public QuantileFlow(GaussianMixture mixture)
    {
        if (mixture.Dimension != 1)
            throw new ArgumentException($"quantiles need one dimension; the mixture has {mixture.Dimension}", nameof(mixture));
        _mixture = mixture;
        _weights = mixture.Weights.data<double>().ToArray();
        _means = mixture.Means.data<double>().ToArray();
        _variances = mixture.Covariances.data<double>().ToArray();
    }

    /// <inheritdoc/>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var span = (t - r).unsqueeze(1);
        return where(span > 0, (z - Map(z, r, t)) / span, _mixture.Velocity(z, t));
    }

    /// <summary>The ratio of the densities p_t(z) / p_r(Φ(z)).</summary>
    public Tensor Jacobian(Tensor z, Tensor r, Tensor t)
    {
        var ends = Map(z, r, t);
        var ratios = Each(z, r, t, (z, r, t, i) => Density(z, t) / Density(ends[i, 0].item<double>(), r));
        return ratios.unsqueeze(2);
    }

    /// <summary>Φ_{t→r}(z): z [B, 1], r, t [B] → [B, 1].</summary>
    public Tensor Map(Tensor z, Tensor r, Tensor t) => Each(z, r, t, (z, r, t, _) => Map(z, r, t));

    private static Tensor Each(Tensor z, Tensor r, Tensor t, Func<double, double, double, int, double> map)
    {
        var (points, starts, ends) = (z.data<double>().ToArray(), r.data<double>().ToArray(), t.data<double>().ToArray());
        return tensor(points.Select((point, i) => map(point, starts[i], ends[i], i)).ToArray()).unsqueeze(1);
    }

    private double Map(double z, double r, double t)
    {
        // The smaller tail keeps its digits where the distribution function is near 1.
        var side = Tail(z, t, 1) <= 0.5 ? 1 : -1;
        var target = Math.Log(Tail(z, t, side));
        // z lies between the same quantiles of the components, and so does its image.
        var scores = _means.Select((mean, k) => (z - ((1 - t) * mean)) / Deviation(k, t)).ToArray();
        var low = _means.Select((mean, k) => ((1 - r) * mean) + (Deviation(k, r) * scores.Min())).Min();
        var high = _means.Select((mean, k) => ((1 - r) * mean) + (Deviation(k, r) * scores.Max())).Max();
        var x = Math.Clamp(z, low, high);
        for (var i = 0; i < 200; i++)
        {
            var tail = Tail(x, r, side);
            var error = Math.Log(tail) - target;
            // The lower tail increases with x, the upper tail decreases.
            if (side * error > 0)
                high = x;
            else
                low = x;
            var next = x - (side * error * tail / Density(x, r));
            if (!(next >= low && next <= high))
                next = 0.5 * (low + high);
            if (Math.Abs(next - x) <= 4e-16 * (Math.Abs(x) + Deviation(0, r)))
                return next;
            x = next;
        }
        return x;
    }

    // The probability below x (side 1) or above it (side -1) at time t.
    private double Tail(double x, double t, int side)
    {
        var sum = 0.0;
        for (var k = 0; k < _weights.Length; k++)
            sum += _weights[k] * 0.5 * SpecialFunctions.Erfc(-side * (x - ((1 - t) * _means[k])) / (Math.Sqrt(2) * Deviation(k, t)));
        return sum;
    }

    private double Density(double x, double t)
    {
        var sum = 0.0;
        for (var k = 0; k < _weights.Length; k++)
        {
            var score = (x - ((1 - t) * _means[k])) / Deviation(k, t);
            sum += _weights[k] * Math.Exp(-0.5 * score * score) / (Math.Sqrt(2 * Math.PI) * Deviation(k, t));
        }
        return sum;
    }

    private double Deviation(int k, double t) => Math.Sqrt(((1 - t) * (1 - t) * _variances[k]) + (t * t));
}

/// <summary>The flow of a mixture by the solver; its Jacobian by the variational equation dM/dt = ∂v/∂z M (docs/method.md §6).</summary>
public sealed class SolvedFlow(GaussianMixture mixture, double tolerance) : IFlow
{
    private readonly FixedPoint _mean = new(mixture.Velocity, mixture.Velocity, tolerance);

    /// <inheritdoc/>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t) => _mean.AverageVelocity(z, r, t);

    /// <inheritdoc/>
    public Tensor Jacobian(Tensor z, Tensor r, Tensor t)
    {
        var (batch, size) = (z.shape[0], mixture.Dimension);
        var unit = eye(size, dtype: float64).flatten().expand(batch, size * size);
        var way = (r - t).unsqueeze(1);
        Tensor Slope(Tensor state, double s)
        {
            var at = mixture.At(state.narrow(1, 0, size), t + (s * (r - t)));
            var moved = at.Jacobian().matmul(state.narrow(1, size, size * size).view(batch, size, size));
            return way * cat([at.Velocity(), moved.flatten(1)], 1);
        }

        return DormandPrince.Solve(Slope, cat([z, unit], 1), tolerance).narrow(1, size, size * size).view(batch, size, size);
    }
}
