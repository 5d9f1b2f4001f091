using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Σ_k π_k N(μ_k, Σ_k) in float64, and what of it has a closed form along the linear path (docs/method.md §6). A single Gaussian is
/// the mixture of one.
/// </summary>
public sealed class GaussianMixture
{
    private readonly Tensor _logWeights;
    private readonly Tensor _variances;
    private readonly Tensor _axes;

    /// <param name="weights">[K], in any unit.</param>
    /// <param name="means">[K, d].</param>
    /// <param name="covariances">[K, d, d], each positive definite.</param>
    public GaussianMixture(Tensor weights, Tensor means, Tensor covariances)
    {
        Weights = weights / weights.sum();
        Means = means;
        Covariances = covariances;
        _logWeights = Weights.log();
        // All matrices along the path are functions of Σ_k, so one decomposition serves every time.
        (_variances, _axes) = linalg.eigh(covariances);
    }

    /// <summary>π [K], of sum 1.</summary>
    public Tensor Weights { get; }

    /// <summary>μ [K, d].</summary>
    public Tensor Means { get; }

    /// <summary>Σ [K, d, d].</summary>
    public Tensor Covariances { get; }

    public long Components => Means.shape[0];

    public long Dimension => Means.shape[1];

    /// <summary>Data x [count, d], a function of the source's seed and the step.</summary>
    public Tensor Sample(RandomSource random, long step, long count)
    {
        var component = searchsorted(Weights.cumsum(0), random.Uniform("data component", step, count).to(float64))
            .clamp_(max: Components - 1);
        var coordinates = random.Normal("data", step, count, Dimension).to(float64) * _variances.index_select(0, component).sqrt();
        return Means.index_select(0, component) + einsum("bji,bi->bj", _axes.index_select(0, component), coordinates);
    }

    /// <summary>What is known of v̂ = ε - x at z_t = z: z [B, d], t [B].</summary>
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

    /// <summary>v(z, t) [B, d].</summary>
    public Tensor Velocity(Tensor z, Tensor t) => At(z, t).Velocity();
}
