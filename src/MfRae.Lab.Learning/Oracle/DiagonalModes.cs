using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Round Gaussians with centres on the diagonal of many dimensions, in float64 (docs/method.md §6). With e the unit vector of the diagonal,
/// the responsibilities depend on the coordinate ⟨e, z⟩ alone, which is distributed as a mixture on the line. Orthogonal to e the
/// distribution is a single Gaussian. So every closed form costs O(d).
/// </summary>
public sealed class DiagonalModes : IDistribution
{
    private readonly double _variance;
    private readonly Tensor _centres;

    /// <summary>The distribution of the options.</summary>
    public DiagonalModes(DiagonalDistributionOptions options)
    {
        Dimension = options.Dimension;
        _variance = options.Deviation * options.Deviation;
        _centres = linspace(-options.Separation, options.Separation, options.Modes, dtype: float64);
        Line = new(
            ones(options.Modes, dtype: float64),
            _centres.unsqueeze(1) * Math.Sqrt(Dimension),
            full([options.Modes, 1, 1], _variance, dtype: float64));
    }

    /// <inheritdoc/>
    public long Dimension { get; }

    /// <summary>The distribution of the coordinate ⟨e, x⟩.</summary>
    public GaussianMixture Line { get; }

    /// <inheritdoc/>
    public Tensor Sample(RandomSource random, long step, long count)
    {
        var component = random.Integers("data component", step, _centres.shape[0], count).cpu();
        var round = random.Normal("data", step, count, Dimension).cpu().to(float64) * Math.Sqrt(_variance);
        return round + _centres.index_select(0, component).unsqueeze(1);
    }

    /// <inheritdoc/>
    public Tensor Velocity(Tensor z, Tensor t)
    {
        var coordinate = Coordinate(z);
        var noise = t.unsqueeze(1);
        var slope = (noise - ((1 - noise) * _variance)) / Variance(noise);
        return (slope * z) + Along(Line.Velocity(coordinate, t) - (slope * coordinate));
    }

    /// <summary>A draw of v̂ - v given z_t = z: z [B, d], t [B] → [B, d].</summary>
    public Tensor DrawNoise(Tensor z, Tensor t, RandomSource random, string purpose, long step)
    {
        var posterior = Line.At(Coordinate(z), t);
        var along = posterior.Draw(random, purpose + " along the diagonal", step, 1).squeeze(1) - posterior.Velocity();
        // Orthogonal to e the covariance is σ²/S_t I.
        var round = random.Normal(purpose, step, z.shape).to(float64) * (_variance / Variance(t.unsqueeze(1))).sqrt();
        return round + Along(along - Coordinate(round));
    }

    /// <summary>log p_t(z) but for a constant that depends on t: [B, d], [B] → [B].</summary>
    public Tensor LogDensity(Tensor z, Tensor t)
    {
        var (data, noise) = ((1 - t).view(-1, 1, 1), t.unsqueeze(1));
        var apart = z.unsqueeze(1) - (data * _centres.view(1, -1, 1));
        return (-0.5 * apart.square().sum(-1) / Variance(noise)).logsumexp(1);
    }

    /// <summary>⟨e, z⟩: [B, d] → [B, 1].</summary>
    public Tensor Coordinate(Tensor z) => z.sum(1, keepdim: true) / Math.Sqrt(Dimension);

    /// <summary>x e, as [B, 1], which broadcasts over the dimensions: x [B, 1].</summary>
    public Tensor Along(Tensor coordinate) => coordinate / Math.Sqrt(Dimension);

    /// <summary>S_t = (1 - t)² σ² + t², element-wise.</summary>
    public Tensor Variance(Tensor t) => ((1 - t).square() * _variance) + t.square();

    /// <summary>
    /// The factor of u orthogonal to e, [I - S_r^½ S_t^-½] / (t - r), with t - r divided out as for a single Gaussian: r, t [B] → [B, 1].
    /// </summary>
    public Tensor AverageSlope(Tensor r, Tensor t)
    {
        var (before, after, sum) = (Variance(t).sqrt(), Variance(r).sqrt(), t + r);
        return ((sum - ((2 - sum) * _variance)) / ((before + after) * before)).unsqueeze(1);
    }
}

/// <summary>The flow of modes on the diagonal: by quantiles along it, and the flow of a single Gaussian orthogonal to it.</summary>
public sealed class DiagonalFlow(DiagonalModes modes) : IFlow
{
    private readonly QuantileFlow _line = new(modes.Line);

    /// <inheritdoc/>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var coordinate = modes.Coordinate(z);
        var slope = modes.AverageSlope(r, t);
        return (slope * z) + modes.Along(_line.AverageVelocity(coordinate, r, t) - (slope * coordinate));
    }

    /// <inheritdoc/>
    public Tensor Jacobian(Tensor z, Tensor r, Tensor t) =>
        Push(z, r, t, eye(modes.Dimension, dtype: float64).expand(z.shape[0], -1, -1)).transpose(1, 2);

    /// <inheritdoc/>
    public Tensor Push(Tensor z, Tensor r, Tensor t, Tensor vectors)
    {
        var along = _line.Jacobian(modes.Coordinate(z), r, t);
        var across = (modes.Variance(r) / modes.Variance(t)).sqrt().view(-1, 1, 1);
        var coordinates = vectors.sum(-1, keepdim: true) / Math.Sqrt(modes.Dimension);
        return (across * vectors) + modes.Along((along - across) * coordinates);
    }
}
