using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>The flow of N(μ, Σ) in closed form (docs/method.md §6).</summary>
/// <param name="mean">[d].</param>
/// <param name="covariance">[d, d].</param>
public sealed class GaussianFlow(Tensor mean, Tensor covariance) : IFlow
{
    private readonly (Tensor Values, Tensor Vectors) _axes = linalg.eigh(covariance);

    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var (before, after) = (Deviations(t), Deviations(r));
        // [I - S_r^½ S_t^-½] / (t - r) with S_t - S_r = (t - r) ((t + r) I - (2 - t - r) Σ) divided out: exact for r = t too.
        var sum = (t + r).unsqueeze(1);
        var slopes = (sum - ((2 - sum) * _axes.Values)) / ((before + after) * before);
        var coordinates = (z - ((1 - t).unsqueeze(1) * mean)).matmul(_axes.Vectors);
        return (slopes * coordinates).matmul(_axes.Vectors.t()) - mean;
    }

    public Tensor Jacobian(Tensor z, Tensor r, Tensor t) =>
        einsum("ji,bi,li->bjl", _axes.Vectors, Deviations(r) / Deviations(t), _axes.Vectors);

    // Square roots of the eigenvalues of S_t: [B, d].
    private Tensor Deviations(Tensor t) => (((1 - t).square().unsqueeze(1) * _axes.Values) + t.square().unsqueeze(1)).sqrt();
}
