using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>A trained mean-flow network in float64, with the target of its training at the λ of the last step.</summary>
/// <param name="teacher">v_φ in float64, or null without a teacher.</param>
/// <param name="bias">δ = v_φ - v in float64, z [B, d], t [B] → [B, d]; null: computed from both.</param>
/// <param name="weights">Float64, without gradients.</param>
public sealed class TrainedMeanFlow(
    IDistribution distribution,
    IMeanFlowTraining options,
    VelocityField? teacher,
    Func<Tensor, Tensor, Tensor>? bias,
    GeneratorNetwork network,
    Weights weights)
{
    /// <summary>The distribution of the data.</summary>
    public IDistribution Distribution { get; } = distribution;

    /// <summary>The distribution of the data, for measures that need matrices of its dimension.</summary>
    public GaussianMixture Mixture => Distribution as GaussianMixture
        ?? throw new InvalidOperationException($"{Distribution.GetType().Name} is not a mixture with covariance matrices");

    /// <summary>The trained network.</summary>
    public GeneratorNetwork Network { get; } = network;

    /// <summary>The weights of the trained network, float64.</summary>
    public Weights Weights { get; } = weights;

    /// <summary>Samples of a training step.</summary>
    public int TrainingBatch => options.Training.BatchSize;

    /// <summary>The options of a training whose target has a derivative at every step; null: another target.</summary>
    public LambdaMeanFlowOptions? DerivativeOptions { get; } = options as LambdaMeanFlowOptions;

    /// <summary>λ of the target velocity.</summary>
    public double Lambda { get; } = LambdaSchedule.Target(options).At(options.Training.Steps - 1);

    /// <summary>
    /// μ of the direction of the derivative. The network's own velocity, and every target without a derivative, follow the velocity of λ.
    /// </summary>
    public double TangentLambda { get; } = LambdaSchedule.Tangent(options).At(options.Training.Steps - 1);

    /// <summary>u_θ(z, t, t) - v [B, d] of a network whose own velocity is the direction of the derivative; null for another direction.</summary>
    public Tensor? TangentBias(Tensor z, Tensor t)
    {
        if (DerivativeOptions?.Tangent != LambdaMeanFlowOptions.NetworkTangent)
            return null;
        using var quiet = no_grad();
        return Network.Velocity(Weights, Linearisation.Latent(z), t, Linearisation.Labels(z)).flatten(1) - Distribution.Velocity(z, t);
    }

    /// <summary>δ = v_φ - v [B, d]; zero without a teacher.</summary>
    public Tensor Bias(Tensor z, Tensor t)
    {
        using var quiet = no_grad();
        if (bias is not null)
            return bias(z, t);
        if (teacher is null)
            return zeros_like(z);
        var guided = Guidance.Apply(options.Guidance, teacher, Network.Classes);
        return guided(Linearisation.Latent(z), t, Linearisation.Labels(z)).flatten(1) - Distribution.Velocity(z, t);
    }

    /// <summary>The mean flow that training converges to (docs/method.md §5).</summary>
    public FixedPoint FixedPoint(double tolerance)
    {
        var follow = Blend(TangentLambda);
        return new(follow, Lambda == TangentLambda ? follow : Blend(Lambda), tolerance);
    }

    /// <summary>J n = n - (t - r) ∂u_θ/∂z n for vectors n [B, d], by forward mode.</summary>
    public Tensor Push(Tensor z, Tensor r, Tensor t, Tensor vectors)
    {
        using var quiet = no_grad();
        var moved = Network.AverageVelocity(
            Weights, new Dual(Linearisation.Latent(z), Linearisation.Latent(vectors)), r, t, Linearisation.Labels(z)).Tangent!;
        return vectors - ((t - r).unsqueeze(1) * moved.flatten(1));
    }

    /// <summary>The training objective, but with an exact derivative, squared error, and r &lt; t for all samples.</summary>
    /// <exception cref="InvalidOperationException">The target of the training has no derivative.</exception>
    public MeanFlowObjective Objective(ILatentSource source) => new(
        (DerivativeOptions ?? throw new InvalidOperationException($"the target of {options.GetType().Name} has no derivative")) with
        {
            Derivative = new JvpOptions(),
            LossWeight = new PlainLossWeightOptions(),
            Time = new UniformTimeOptions(),
            EqualFraction = 0,
            LabelDropout = 0,
        },
        Network, teacher, source);

    /// <summary>The step at which <see cref="Objective"/> must be evaluated to have the λ of the last step.</summary>
    public long LastStep => options.Training.Steps - 1;

    // v + λδ.
    private Func<Tensor, Tensor, Tensor> Blend(double lambda) => (z, t) =>
    {
        var velocity = Distribution.Velocity(z, t);
        return lambda == 0 ? velocity : velocity + (lambda * Bias(z, t));
    };
}

/// <summary>
/// The limit of training (docs/method.md §5): the mean over [r, t] of the target velocity, along the trajectory of the velocity in whose
/// direction the derivative is taken. If both velocities are the same, this is the mean flow of its ODE.
/// </summary>
/// <param name="tangent">(z [B, d], t [B]) → [B, d]: the velocity that z follows.</param>
/// <param name="aim">(z, t) → [B, d]: the target velocity, which is averaged.</param>
/// <param name="tolerance">Relative tolerance of the solver.</param>
public sealed class FixedPoint(Func<Tensor, Tensor, Tensor> tangent, Func<Tensor, Tensor, Tensor> aim, double tolerance)
{
    /// <summary>z [B, d], r ≤ t [B] → u [B, d]; for r = t the target velocity.</summary>
    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t)
    {
        var size = z.shape[1];
        var way = (r - t).unsqueeze(1);
        Tensor Slope(Tensor state, double s)
        {
            var (at, now) = (state.narrow(1, 0, size), t + (s * (r - t)));
            var followed = tangent(at, now);
            // The mean over the unit interval of s is the mean over [r, t], without a division by a short interval.
            return cat([way * followed, aim == tangent ? followed : aim(at, now)], 1);
        }

        return DormandPrince.Solve(Slope, cat([z, zeros_like(z)], 1), tolerance).narrow(1, size, size);
    }
}

/// <summary>The value of a mean-flow network and its first derivatives at given points, by one reverse pass for each dimension.</summary>
/// <param name="U">u_θ(z, r, t) [B, d].</param>
/// <param name="ByZ">∂u_θ/∂z [B, d, d], a row for each coordinate of u.</param>
/// <param name="ByT">∂u_θ/∂t at fixed r [B, d].</param>
public sealed record Linearisation(Tensor U, Tensor ByZ, Tensor ByT)
{
    /// <summary>Linearises the network.</summary>
    /// <param name="weights">Without gradients.</param>
    /// <param name="z">[B, d]; r, t [B]; all in the type of the weights.</param>
    public static Linearisation Of(GeneratorNetwork network, Weights weights, Tensor z, Tensor r, Tensor t)
    {
        using var on = enable_grad();
        var (point, time) = (z.detach().clone().requires_grad_(true), t.detach().clone().requires_grad_(true));
        var u = network.AverageVelocity(weights, Latent(point), r, time, Labels(z)).flatten(1);
        // The samples of a batch are independent: the gradient of the sum over the batch holds the gradient of each sample.
        var rows = Enumerable.Range(0, (int)z.shape[1])
            .Select(i => autograd.grad([u.select(1, i).sum()], [point, time], retain_graph: true))
            .ToArray();
        return new(u.detach(), stack([.. rows.Select(row => row[0])], 1), stack([.. rows.Select(row => row[1])], 1));
    }

    /// <summary>[B, d] → [B, d, 1, 1].</summary>
    public static Tensor Latent(Tensor z) => z.unsqueeze(-1).unsqueeze(-1);

    /// <summary>The labels of an oracle dataset, which has one class.</summary>
    public static Tensor Labels(Tensor z) => zeros(z.shape[0], dtype: int64);
}
