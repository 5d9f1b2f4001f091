using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>What is judged: a mean-flow network in float64 and the target it was trained towards, at the λ of its last step.</summary>
/// <param name="teacher">v_φ in float64, or null where there is none.</param>
/// <param name="bias">δ = v_φ - v in float64, z [B, d], t [B] → [B, d]; null: by evaluating both.</param>
/// <param name="weights">Float64, without gradients of their own.</param>
public sealed class TrainedMeanFlow(
    GaussianMixture mixture,
    LambdaMeanFlowOptions options,
    VelocityField? teacher,
    Func<Tensor, Tensor, Tensor>? bias,
    DitNetwork network,
    Weights weights)
{
    /// <summary>The distribution of the data.</summary>
    public GaussianMixture Mixture { get; } = mixture;

    /// <summary>The trained network.</summary>
    public DitNetwork Network { get; } = network;

    /// <summary>The weights of the trained network, float64.</summary>
    public Weights Weights { get; } = weights;

    /// <summary>Samples of a training step.</summary>
    public int TrainingBatch => options.Training.BatchSize;

    /// <summary>λ of the velocity that is aimed at.</summary>
    public double Lambda { get; } = LambdaSchedule.Target(options).At(options.Training.Steps - 1);

    /// <summary>μ of the direction of the derivative.</summary>
    public double TangentLambda { get; } = LambdaSchedule.Tangent(options).At(options.Training.Steps - 1);

    /// <summary>δ = v_φ - v [B, d]; zero without a teacher.</summary>
    public Tensor Bias(Tensor z, Tensor t)
    {
        using var quiet = no_grad();
        if (bias is not null)
            return bias(z, t);
        if (teacher is null)
            return zeros_like(z);
        var guided = Guidance.Apply(options.Guidance, teacher, Network.Classes);
        return guided(Linearisation.Latent(z), t, Linearisation.Labels(z)).flatten(1) - Mixture.Velocity(z, t);
    }

    /// <summary>The mean flow that training converges to (docs/method.md §5).</summary>
    public FixedPoint FixedPoint(double tolerance)
    {
        var follow = Blend(TangentLambda);
        return new(follow, Lambda == TangentLambda ? follow : Blend(Lambda), tolerance);
    }

    /// <summary>The objective of training itself, but with an exact derivative, squared error, and r &lt; t throughout.</summary>
    public MeanFlowObjective Objective(ILatentSource source) => new(
        options with
        {
            Derivative = new JvpOptions(),
            LossWeight = new PlainLossWeightOptions(),
            Time = new UniformTimeOptions(),
            EqualFraction = 0,
            LabelDropout = 0,
        },
        Network, teacher, source);

    /// <summary>The step whose λ <see cref="Objective"/> is to be asked at.</summary>
    public long LastStep => options.Training.Steps - 1;

    // v + λδ.
    private Func<Tensor, Tensor, Tensor> Blend(double lambda) => (z, t) =>
    {
        var velocity = Mixture.Velocity(z, t);
        return lambda == 0 ? velocity : velocity + (lambda * Bias(z, t));
    };
}

/// <summary>
/// What training converges to (docs/method.md §5): the mean over [r, t] of the velocity that is aimed at, along the trajectory of the
/// velocity in whose direction the derivative is taken. Where the two are one, this is the mean flow of its ODE.
/// </summary>
/// <param name="tangent">(z [B, d], t [B]) → [B, d]: the velocity that z follows.</param>
/// <param name="aim">(z, t) → [B, d]: the velocity that is averaged.</param>
/// <param name="tolerance">Relative tolerance of the solver.</param>
public sealed class FixedPoint(Func<Tensor, Tensor, Tensor> tangent, Func<Tensor, Tensor, Tensor> aim, double tolerance)
{
    /// <summary>z [B, d], r ≤ t [B] → u [B, d]; for r = t the velocity aimed at.</summary>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var size = z.shape[1];
        var way = (r - t).unsqueeze(1);
        Tensor Slope(Tensor state, double s)
        {
            var (at, now) = (state.narrow(1, 0, size), t + (s * (r - t)));
            var followed = tangent(at, now);
            // The mean over the unit interval of s is the mean over [r, t]: nothing is divided by a short interval.
            return cat([way * followed, aim == tangent ? followed : aim(at, now)], 1);
        }

        return DormandPrince.Solve(Slope, cat([z, zeros_like(z)], 1), tolerance).narrow(1, size, size);
    }
}

/// <summary>A mean-flow network at given points: its value and its first derivatives, by as many reverse passes as dimensions.</summary>
/// <param name="U">u_θ(z, r, t) [B, d].</param>
/// <param name="ByZ">∂u_θ/∂z [B, d, d], a row for each coordinate of u.</param>
/// <param name="ByT">∂u_θ/∂t at fixed r [B, d].</param>
public sealed record Linearisation(Tensor U, Tensor ByZ, Tensor ByT)
{
    /// <param name="weights">Without gradients of their own.</param>
    /// <param name="z">[B, d]; r, t [B]; all in the type of the weights.</param>
    public static Linearisation Of(DitNetwork network, Weights weights, Tensor z, Tensor r, Tensor t)
    {
        using var on = enable_grad();
        var (point, time) = (z.detach().clone().requires_grad_(true), t.detach().clone().requires_grad_(true));
        var u = network.AverageVelocity(weights, Latent(point), r, time, Labels(z)).flatten(1);
        // The samples of a batch do not see each other: the gradient of a sum over the batch is that of each.
        var rows = Enumerable.Range(0, (int)z.shape[1])
            .Select(i => autograd.grad([u.select(1, i).sum()], [point, time], retain_graph: true))
            .ToArray();
        return new(u.detach(), stack([.. rows.Select(row => row[0])], 1), stack([.. rows.Select(row => row[1])], 1));
    }

    /// <summary>[B, d] → [B, d, 1, 1].</summary>
    public static Tensor Latent(Tensor z) => z.unsqueeze(-1).unsqueeze(-1);

    /// <summary>The one class of an oracle dataset.</summary>
    public static Tensor Labels(Tensor z) => zeros(z.shape[0], dtype: int64);
}
