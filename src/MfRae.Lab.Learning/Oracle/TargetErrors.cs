using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The error u_θ - τ of the target at given points, taken apart by docs/method.md §5: a conditional mean, which is the residual against
/// the oracle velocity and the teacher's bias, and a noise that is linear in v̂ - v.
/// </summary>
public sealed class TargetErrors
{
    private TargetErrors(Judged judged, Tensor z, Tensor r, Tensor t)
    {
        Posterior = judged.Mixture.At(z, t);
        Velocity = Posterior.Velocity();
        Covariance = Posterior.Covariance();
        var local = Linearisation.Of(judged.Network, judged.Weights, z, r, t);
        var span = (t - r).unsqueeze(1);
        var unit = eye(judged.Mixture.Dimension, dtype: float64);
        var moved = span.unsqueeze(2) * local.ByZ;
        J = unit - moved;
        Residual = local.U - (Apply(J, Velocity) - (span * local.ByT));
        var (lambda, tangent) = (judged.Lambda, judged.TangentLambda);
        var bias = judged.Bias(z, t);
        Mean = Residual - Apply((lambda * unit) - (tangent * moved), bias);
        FullBias = Apply(J, bias);
        N = ((1 - lambda) * unit) - ((1 - tangent) * moved);
    }

    public Posterior Posterior { get; }

    /// <summary>v [B, d].</summary>
    public Tensor Velocity { get; }

    /// <summary>C [B, d, d].</summary>
    public Tensor Covariance { get; }

    /// <summary>J = I - (t - r) ∂u_θ/∂z [B, d, d].</summary>
    public Tensor J { get; }

    /// <summary>N = (1 - λ) I - (1 - μ)(I - J) [B, d, d], which multiplies v̂ - v.</summary>
    public Tensor N { get; }

    /// <summary>ρ [B, d].</summary>
    public Tensor Residual { get; }

    /// <summary>E[u_θ - τ | z] = ρ - (λ I - μ (I - J)) δ [B, d].</summary>
    public Tensor Mean { get; }

    /// <summary>J δ [B, d]: what the teacher's error adds at λ = μ = 1.</summary>
    public Tensor FullBias { get; }

    /// <summary>z [B, d], r &lt; t [B].</summary>
    public static TargetErrors At(Judged judged, Tensor z, Tensor r, Tensor t) => new(judged, z, r, t);

    /// <summary>A Σ Aᵀ of a covariance Σ, both [B, d, d].</summary>
    public static Tensor Carry(Tensor matrix, Tensor covariance) => matrix.matmul(covariance).matmul(matrix.transpose(1, 2));

    /// <summary>The sum of a matrix's diagonal: [B, d, d] → [B].</summary>
    public static Tensor Trace(Tensor matrix) => matrix.diagonal(0, 1, 2).sum(-1);

    private static Tensor Apply(Tensor matrix, Tensor vector) => matrix.matmul(vector.unsqueeze(-1)).squeeze(-1);
}
