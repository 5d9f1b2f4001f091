using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Σ_k π_k N(μ_k, Σ_k) in float64, with its closed forms along the linear path (docs/method.md §6). A single Gaussian is a mixture of
/// one component.
/// </summary>
public sealed class GaussianMixture : IDistribution
{
    private readonly Tensor _logWeights;
    private readonly Tensor _variances;
    private readonly Tensor _axes;

    /// <summary>A mixture.</summary>
    /// <param name="weights">[K], not necessarily normalised.</param>
    /// <param name="means">[K, d].</param>
    /// <param name="covariances">[K, d, d], each positive definite.</param>
    public GaussianMixture(Tensor weights, Tensor means, Tensor covariances)
    {
        Weights = weights / weights.sum();
        Means = means;
        Covariances = covariances;
        _logWeights = Weights.log();
        // All matrices along the path are functions of Σ_k, so one decomposition is enough for all times.
        (_variances, _axes) = linalg.eigh(covariances);
    }

    /// <summary>π [K], with sum 1.</summary>
    public Tensor Weights { get; }

    /// <summary>μ [K, d].</summary>
    public Tensor Means { get; }

    /// <summary>Σ [K, d, d].</summary>
    public Tensor Covariances { get; }

    /// <summary>The number of components.</summary>
    public long Components => Means.shape[0];

    /// <inheritdoc/>
    public long Dimension => Means.shape[1];

    /// <inheritdoc/>
    public Tensor Sample(RandomSource random, long step, long count)
    {
        var component = searchsorted(Weights.cumsum(0), random.Uniform("data component", step, count).to(float64))
            .clamp_(max: Components - 1);
        var coordinates = random.Normal("data", step, count, Dimension).to(float64) * _variances.index_select(0, component).sqrt();
        return Means.index_select(0, component) + einsum("bji,bi->bj", _axes.index_select(0, component), coordinates);
    }

    /// <summary>The distribution of v̂ = ε - x given z_t = z: z [B, d], t [B].</summary>
    public Posterior At(Tensor z, Tensor t)
    {
        var data = (1 - t).view(-1, 1, 1);
        var noise = t.view(-1, 1, 1);
        // S_k = (1-t)² Σ_k + t² I and z - m_k on the axes of Σ_k.
        var variances = (data.square() * _variances) + noise.square();
        var coordinates = einsum("bkj,kji->bki", z.unsqueeze(1) - (data * Means), _axes);
        var slopes = (noise - (data * _variances)) / variances;
        var logits = _logWeights - (0.5 * ((coordinates.square() / variances) + variances.log()).sum(-1));
        var velocities = einsum("kji,bki->bkj", _axes, slopes * coordinates) - Means;
        return new(logits.softmax(-1), velocities, coordinates / variances, _variances / variances, slopes, _axes);
    }

    /// <inheritdoc/>
    public Tensor Velocity(Tensor z, Tensor t) => At(z, t).Velocity();
}

/// <summary>
/// The distribution of the one-point velocity v̂ given z_t, under a Gaussian mixture: a mixture again, of N(v_k, Σ_k S_k⁻¹) with the
/// responsibilities as weights (docs/method.md §6).
/// </summary>
/// <param name="Shares">Responsibilities γ [B, K].</param>
/// <param name="Velocities">v_k [B, K, d].</param>
/// <param name="Pulls">S_k⁻¹ (z - m_k) on the axes of Σ_k [B, K, d].</param>
/// <param name="Spreads">Eigenvalues of Σ_k S_k⁻¹ [B, K, d].</param>
/// <param name="Slopes">Eigenvalues of ∂v_k/∂z [B, K, d].</param>
/// <param name="Axes">Eigenvectors of Σ_k in columns [K, d, d].</param>
public sealed record Posterior(Tensor Shares, Tensor Velocities, Tensor Pulls, Tensor Spreads, Tensor Slopes, Tensor Axes)
{
    private long Dimension => Axes.shape[1];

    /// <summary>v = E[v̂ | z] [B, d].</summary>
    public Tensor Velocity() => einsum("bk,bkj->bj", Shares, Velocities);

    /// <summary>C = Cov(v̂ | z) [B, d, d]: the covariance within the components plus that of their means around v.</summary>
    public Tensor Covariance()
    {
        var apart = Velocities - Velocity().unsqueeze(1);
        return Mean(Spreads) + einsum("bk,bkj,bkl->bjl", Shares, apart, apart);
    }

    /// <summary>∂v/∂z [B, d, d], a row for each coordinate of v: within the components, and through the responsibilities.</summary>
    public Tensor Jacobian()
    {
        var apart = Velocities - Velocity().unsqueeze(1);
        // ∇ log γ_k is the component's score minus a part that all components share, which the mean over components removes.
        var scores = -einsum("kji,bki->bkj", Axes, Pulls);
        return Mean(Slopes) + einsum("bk,bkj,bkl->bjl", Shares, apart, scores);
    }

    /// <summary>Draws of v̂ given z: [B, draws, d].</summary>
    public Tensor Draw(RandomSource random, string purpose, long step, long draws)
    {
        var (batch, components) = (Shares.shape[0], Shares.shape[1]);
        var uniform = random.Uniform(purpose + " component", step, batch, draws).to(float64);
        var component = searchsorted(Shares.cumsum(-1), uniform).clamp_(max: components - 1);
        var rows = component.unsqueeze(-1).expand(batch, draws, Dimension);
        var coordinates = random.Normal(purpose, step, batch, draws, Dimension).to(float64) * Spreads.gather(1, rows).sqrt();
        var axes = Axes.index_select(0, component.flatten()).view(batch, draws, Dimension, Dimension);
        return Velocities.gather(1, rows) + einsum("bnji,bni->bnj", axes, coordinates);
    }

    /// <summary>
    /// Points [B, 2dK, d] and weights [B, 2dK] whose weighted mean of any quadratic function of v̂ is its exact conditional
    /// expectation: for each component v_k ± sqrt(d) times each half-axis of Σ_k S_k⁻¹, which has the component's mean and covariance.
    /// </summary>
    public (Tensor Points, Tensor Weights) Cubature()
    {
        // [B, K, d, d]: half-axis i as row i.
        var halves = einsum("kji,bki->bkij", Axes, (Spreads * Dimension).sqrt());
        var centres = Velocities.unsqueeze(2);
        var points = cat([centres + halves, centres - halves], 2).flatten(1, 2);
        var weights = (Shares / (2 * Dimension)).repeat_interleave(2 * Dimension, 1);
        return (points, weights);
    }

    // Σ_k γ_k Q_k diag(values_k) Q_kᵀ.
    private Tensor Mean(Tensor values) => einsum("bki,kji,kli->bjl", Shares.unsqueeze(-1) * values, Axes, Axes);
}
