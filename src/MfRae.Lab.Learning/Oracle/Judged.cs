using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>What is judged: a mean-flow network in float64 and the target it was trained towards, at the λ of its last step.</summary>
/// <param name="teacher">v_φ in float64, or null where there is none.</param>
/// <param name="bias">δ = v_φ - v in float64, z [B, d], t [B] → [B, d]; null: by evaluating both.</param>
/// <param name="weights">Float64, without gradients of their own.</param>
public sealed class Judged(
    GaussianMixture mixture,
    LambdaMeanFlowOptions options,
    VelocityField? teacher,
    Func<Tensor, Tensor, Tensor>? bias,
    DitNetwork network,
    Weights weights)
{
    public GaussianMixture Mixture { get; } = mixture;

    public DitNetwork Network { get; } = network;

    public Weights Weights { get; } = weights;

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
