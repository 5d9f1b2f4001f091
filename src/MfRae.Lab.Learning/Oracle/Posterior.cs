using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

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

    /// <summary>C = Cov(v̂ | z) [B, d, d]: within the components, and of their means about v.</summary>
    public Tensor Covariance()
    {
        var apart = Velocities - Velocity().unsqueeze(1);
        return Mean(Spreads) + einsum("bk,bkj,bkl->bjl", Shares, apart, apart);
    }

    /// <summary>∂v/∂z [B, d, d], row by coordinate of v: within the components, and by z moving the responsibilities.</summary>
    public Tensor Jacobian()
    {
        var apart = Velocities - Velocity().unsqueeze(1);
        // ∇ log γ_k is the component's score less what all share, which the mean over components takes out.
        var scores = -einsum("kji,bki->bkj", Axes, Pulls);
        return Mean(Slopes) + einsum("bk,bkj,bkl->bjl", Shares, apart, scores);
    }

    /// <summary>v̂ given z, drawn so many times: [B, draws, d].</summary>
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
