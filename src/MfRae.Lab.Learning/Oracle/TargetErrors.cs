using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The error u_θ - τ of the target at given points, split as in docs/method.md §5: a conditional mean, which consists of the residual
/// against the oracle velocity and the teacher's bias, and a noise that is linear in v̂ - v.
/// </summary>
public sealed class TargetErrors
{
    private TargetErrors(TrainedMeanFlow trained, Tensor z, Tensor r, Tensor t)
    {
        Posterior = trained.Mixture.At(z, t);
        Velocity = Posterior.Velocity();
        Covariance = Posterior.Covariance();
        var local = Linearisation.Of(trained.Network, trained.Weights, z, r, t);
        var span = (t - r).unsqueeze(1);
        var unit = eye(trained.Mixture.Dimension, dtype: float64);
        var moved = span.unsqueeze(2) * local.ByZ;
        J = unit - moved;
        Residual = local.U - (Apply(J, Velocity) - (span * local.ByT));
        var (lambda, tangent) = (trained.Lambda, trained.TangentLambda);
        var bias = trained.Bias(z, t);
        var own = trained.TangentBias(z, t);
        Mean = own is null
            ? Residual - Apply((lambda * unit) - (tangent * moved), bias)
            : Residual - (lambda * bias) + Apply(moved, own);
        FullBias = Apply(J, bias);
        // The network's own velocity is a function of z: it has no noise.
        N = ((1 - lambda) * unit) - ((own is null ? 1 - tangent : 0) * moved);
    }

    /// <summary>The distribution of v̂ given z.</summary>
    public Posterior Posterior { get; }

    /// <summary>v [B, d].</summary>
    public Tensor Velocity { get; }

    /// <summary>C [B, d, d].</summary>
    public Tensor Covariance { get; }

    /// <summary>J = I - (t - r) ∂u_θ/∂z [B, d, d].</summary>
    public Tensor J { get; }

    /// <summary>
    /// N = (1 - λ) I - (1 - μ)(I - J) [B, d, d], which multiplies v̂ - v; along the network's own velocity (1 - λ) I.
    /// </summary>
    public Tensor N { get; }

    /// <summary>ρ [B, d].</summary>
    public Tensor Residual { get; }

    /// <summary>
    /// E[u_θ - τ | z] = ρ - (λ I - μ (I - J)) δ [B, d]; along the network's own velocity, whose error is η, ρ - λ δ + (I - J) η.
    /// </summary>
    public Tensor Mean { get; }

    /// <summary>J δ [B, d]: the contribution of the teacher's error at λ = μ = 1.</summary>
    public Tensor FullBias { get; }

    /// <summary>The errors at points z [B, d], r &lt; t [B].</summary>
    public static TargetErrors At(TrainedMeanFlow trained, Tensor z, Tensor r, Tensor t) => new(trained, z, r, t);

    /// <summary>A Σ Aᵀ of a covariance Σ, both [B, d, d].</summary>
    public static Tensor Propagate(Tensor matrix, Tensor covariance) => matrix.matmul(covariance).matmul(matrix.transpose(1, 2));

    /// <summary>The sum of a matrix's diagonal: [B, d, d] → [B].</summary>
    public static Tensor Trace(Tensor matrix) => matrix.diagonal(0, 1, 2).sum(-1);

    private static Tensor Apply(Tensor matrix, Tensor vector) => matrix.matmul(vector.unsqueeze(-1)).squeeze(-1);
}

/// <summary>
/// Points of the path at uniform pairs of times with the automatic shift and r &lt; t throughout, in float64: the same points for all arms,
/// whatever the times of their training.
/// </summary>
/// <param name="X">Data [B, d].</param>
/// <param name="Noise">[B, d].</param>
/// <param name="R">Earlier times [B].</param>
/// <param name="T">Times of the points [B].</param>
public sealed record OraclePoints(Tensor X, Tensor Noise, Tensor R, Tensor T)
{
    /// <summary>z_t [B, d].</summary>
    public Tensor Z { get; } = lerp(X, Noise, T.unsqueeze(1));

    /// <summary>The points of a step.</summary>
    public static OraclePoints Draw(ILatentSource source, long step)
    {
        var times = new TimeSampler(new UniformTimeOptions(), TimeShift.For(source.Shape), source.Random);
        var (r, t) = times.Pair(step, source.BatchSize, 0);
        return new(
            source.Draw(step).X.flatten(1).to(float64),
            source.Noise(step, source.BatchSize).flatten(1).to(float64),
            r.to(float64),
            t.to(float64));
    }

    /// <summary>The batch with z_t = <paramref name="z"/> and the given v̂: x = z - t v̂, ε = z + (1 - t) v̂.</summary>
    public static MeanFlowBatch At(Tensor z, Tensor r, Tensor t, Tensor onePoint)
    {
        var time = t.unsqueeze(1);
        var labels = Linearisation.Labels(z);
        return new(
            Linearisation.Latent(z - (time * onePoint)), Linearisation.Latent(z + ((1 - time) * onePoint)), r, t, labels, labels);
    }
}

/// <summary>A measured value of an oracle evaluation.</summary>
/// <param name="Name">One of <see cref="MfRae.Lab.Core.Metrics.OracleMetric"/>.</param>
/// <param name="Samples">The number of points behind the value.</param>
/// <param name="Steps">Network evaluations of an end point; 0 for values without sampling.</param>
/// <param name="Low">Lower end of a 95 % interval, or null.</param>
/// <param name="High">Upper end of the interval, or null.</param>
public sealed record OracleValue(string Name, double Value, long Samples, int Steps = 0, double? Low = null, double? High = null);
