using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The MeanFlow stage: distillation (λ = 1, MFD), training (λ = 0, MFT) or a mix (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoMeanFlowOptions), "none")]
[JsonDerivedType(typeof(LambdaMeanFlowOptions), "lambda")]
[JsonDerivedType(typeof(AlphaFlowOptions), "alphaFlow")]
[JsonDerivedType(typeof(SplitMeanFlowOptions), "splitMeanFlow")]
[JsonDerivedType(typeof(ShortcutOptions), "shortcut")]
[JsonDerivedType(typeof(PretrainedMeanFlowOptions), "pretrained")]
public abstract record MeanFlowOptions;

/// <summary>No MeanFlow stage: the CMT network is evaluated, or else the teacher.</summary>
public sealed record NoMeanFlowOptions : MeanFlowOptions;

/// <summary>A trained mean-flow network from a file, such as a released generator; PATH::NAME as for a teacher.</summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside a checkpoint, such as `ema`.</param>
/// <param name="Network">The sizes of a released network, whose file does not contain them; absent for files of the lab, whose metadata
/// describe the network.</param>
public sealed record PretrainedMeanFlowOptions([property: OptionExample(WeightPath.Example)] string Weights, GeneratorNetworkOptions? Network = null) : MeanFlowOptions, IPretrainedGenerator;

/// <summary>Trains u_θ towards w_λ - (t - r) du/dt with w_λ = (1 - λ) v̂ + λ v_φ.</summary>
/// <param name="Lambda">λ of the target, at the start of training: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="TangentLambda">λ of the direction of the derivative; absent: the λ of the target at every step.</param>
/// <param name="Initialisation">Weights to start from: the CMT network, the teacher, or random ones.</param>
/// <param name="EqualFraction">Fraction of the samples with r = t.</param>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
/// <param name="LambdaSchedule">How <paramref name="Lambda"/> changes; absent: it is constant.</param>
/// <param name="TangentLambdaSchedule">How <paramref name="TangentLambda"/> changes; absent: it is constant.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
/// <param name="Snapshots">The number of intermediate EMA weights that are kept and later sampled and measured: at the start and at …, a
/// quarter, a half of the steps.</param>
/// <param name="Tangent">network: the direction of the derivative is the network's own velocity u(z, t, t), as in improved MeanFlow; absent:
/// the mix by <paramref name="TangentLambda"/>.</param>
/// <param name="SelfGuidance">Guides the one-point velocity by the network itself; absent: none.</param>
/// <param name="MixedGuidance">For a guided teacher and a λ between 0 and 1: teacher guides its velocity alone; both gives the one-point
/// velocity the same term, so that every λ has one guidance scale.</param>
/// <param name="Watch">Evaluates the network during training, and may stop it; absent: neither.</param>
public sealed record LambdaMeanFlowOptions(
    [property: OptionRange(0, 1)][property: OptionExample("0.5")] double Lambda,
    GeneratorNetworkOptions Network,
    TimeSamplerOptions Time,
    DerivativeOptions Derivative,
    LossWeightOptions LossWeight,
    TrainingOptions Training,
    [property: OptionRange(0, 1)] double? TangentLambda = null,
    [property: OptionChoice("cmt", "teacher", "random")] string Initialisation = "cmt",
    [property: OptionRange(0, 1)] double EqualFraction = 0.75,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    LambdaScheduleOptions? LambdaSchedule = null,
    LambdaScheduleOptions? TangentLambdaSchedule = null,
    GuidanceOptions? Guidance = null,
    [property: OptionRange(0, 30)] int Snapshots = 0,
    [property: OptionChoice(LambdaMeanFlowOptions.NetworkTangent)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tangent = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SelfGuidanceOptions? SelfGuidance = null,
    [property: OptionChoice("teacher", LambdaMeanFlowOptions.GuideBoth)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MixedGuidance = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WatchOptions? Watch = null) : MeanFlowOptions, IMeanFlowTraining
{
    /// <summary>The value of <see cref="Tangent"/> that takes the network's own velocity.</summary>
    public const string NetworkTangent = "network";

    /// <summary>The value of <see cref="MixedGuidance"/> that guides both velocities.</summary>
    public const string GuideBoth = "both";
}

/// <summary>How a λ changes from its value at the start of training to another (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LinearLambdaOptions), "linear")]
[JsonDerivedType(typeof(CosineLambdaOptions), "cosine")]
[JsonDerivedType(typeof(SwitchLambdaOptions), "switch")]
public abstract record LambdaScheduleOptions;

/// <summary>Linearly to <paramref name="End"/>.</summary>
/// <param name="End">λ at the end.</param>
/// <param name="Steps">The number of steps until <paramref name="End"/>, after which λ is constant; absent: all training steps.</param>
public sealed record LinearLambdaOptions(
    [property: OptionRange(0, 1)][property: OptionExample("0")] double End,
    [property: OptionRange(1, 100_000_000, Unit = "steps")] int? Steps = null) : LambdaScheduleOptions;

/// <summary>Along half a cosine to <paramref name="End"/>: slowly at both ends.</summary>
/// <param name="End">λ at the end.</param>
/// <param name="Steps">The number of steps until <paramref name="End"/>, after which λ is constant; absent: all training steps.</param>
public sealed record CosineLambdaOptions(
    [property: OptionRange(0, 1)][property: OptionExample("0")] double End,
    [property: OptionRange(1, 100_000_000, Unit = "steps")] int? Steps = null) : LambdaScheduleOptions;

/// <summary>In one step to <paramref name="End"/>: from 1 to 0 is MFD followed by MFT.</summary>
/// <param name="End">λ after the switch.</param>
/// <param name="Step">The number of training steps before the switch.</param>
public sealed record SwitchLambdaOptions(
    [property: OptionRange(0, 1)][property: OptionExample("0")] double End,
    [property: OptionRange(1, 100_000_000, Unit = "steps")][property: OptionExample("5000")] int Step) : LambdaScheduleOptions;

/// <summary>How du/dt along (w, 0, 1) is estimated (docs/method.md §3).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(JvpOptions), "jvp")]
[JsonDerivedType(typeof(JvpDoubleBackwardOptions), "jvpDoubleBackward")]
[JsonDerivedType(typeof(CentralDifferenceOptions), "centralDifference")]
[JsonDerivedType(typeof(ForwardDifferenceOptions), "forwardDifference")]
public abstract record DerivativeOptions
{
    /// <summary>
    /// Whether every probe uses the label dropout of the main evaluation. The released code draws it again for each probe, so that probes can
    /// have different labels (docs/method.md §4, B).
    /// </summary>
    public bool SharesDropout() => this is not IDifferenceOptions { SharedDropout: false };
}

/// <summary>The options of an estimator that takes the difference quotient over a step δ.</summary>
public interface IDifferenceOptions
{
    /// <summary>δ.</summary>
    double Delta { get; }

    /// <summary>Whether the probes see the label dropout of the main evaluation.</summary>
    bool SharedDropout { get; }

    /// <summary>The same estimator with another step.</summary>
    DerivativeOptions WithDelta(double delta);
}

/// <summary>Exact, by forward-mode differentiation: the tangent is propagated through the network with its input.</summary>
public sealed record JvpOptions : DerivativeOptions;

/// <summary>Exact, by two reverse-mode passes.</summary>
public sealed record JvpDoubleBackwardOptions : DerivativeOptions;

/// <summary>(u(z + δw, r, t + δ) - u(z - δw, r, t - δ)) / 2δ, one-sided if a probe would leave [r, 1].</summary>
/// <param name="Delta">The step δ.</param>
/// <param name="SharedDropout">Whether both probes use the label dropout of the main evaluation; false draws it again for each probe, as
/// the released code does.</param>
/// <param name="ClampEnds">Whether probes stay inside [r, 1]; false lets them leave it, as the released code does.</param>
/// <param name="Batching">separate: probes in separate batches, without gradients and only for r &lt; t. concatenated: main evaluation and
/// probes in one batch with gradients, as in the released code.</param>
public sealed record CentralDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3,
    bool SharedDropout = true,
    bool ClampEnds = true,
    [property: OptionChoice("separate", "concatenated")] string Batching = "separate") : DerivativeOptions, IDifferenceOptions
{
    /// <inheritdoc/>
    public DerivativeOptions WithDelta(double delta) => this with { Delta = delta };
}

/// <summary>(u(z + δw, r, t + δ) - u(z, r, t)) / δ, backward if t + δ > 1.</summary>
/// <param name="Delta">The step δ.</param>
/// <param name="SharedDropout">Whether the probe uses the label dropout of the main evaluation; false draws it again, as the released code
/// does.</param>
/// <param name="ClampEnds">Whether the probe stays inside [r, 1]; false always uses the forward difference.</param>
/// <param name="Batching">separate: the probe in a separate batch, without gradients and only for r &lt; t. concatenated: main evaluation
/// and probe in one batch with gradients, as in the released code.</param>
public sealed record ForwardDifferenceOptions(
    [property: OptionRange(1e-7, 0.5)] double Delta = 5e-3,
    bool SharedDropout = true,
    bool ClampEnds = true,
    [property: OptionChoice("separate", "concatenated")] string Batching = "separate") : DerivativeOptions, IDifferenceOptions
{
    /// <inheritdoc/>
    public DerivativeOptions WithDelta(double delta) => this with { Delta = delta };
}

/// <summary>The weight of a sample's squared error (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PlainLossWeightOptions), "plain")]
[JsonDerivedType(typeof(AdaptiveLossWeightOptions), "adaptive")]
[JsonDerivedType(typeof(AdaptiveSumLossWeightOptions), "adaptiveSum")]
[JsonDerivedType(typeof(ReleasedLossWeightOptions), "released")]
[JsonDerivedType(typeof(CauchyLossWeightOptions), "cauchy")]
public abstract record LossWeightOptions;

/// <summary>Mean squared error.</summary>
public sealed record PlainLossWeightOptions : LossWeightOptions;

/// <summary>
/// M / (sg(M) + c)^p with M the error's mean over dimensions: MeanFlow's weight on a scale that is independent of the size of the latent.
/// </summary>
/// <param name="Power">p.</param>
/// <param name="Offset">c.</param>
public sealed record AdaptiveLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 0.05) : LossWeightOptions;

/// <summary>S / (sg(S) + c)^p with S the error's sum over dimensions: the weight of MeanFlow.</summary>
/// <param name="Power">p.</param>
/// <param name="Offset">c.</param>
public sealed record AdaptiveSumLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 1e-3) : LossWeightOptions;

/// <summary>S² / (sg(S²) + 1e-3)^p with S the error's sum over dimensions: the weight of the released code.</summary>
/// <param name="Power">p.</param>
/// <param name="Offset">The constant that is added to S²; 1e-3 in the released code.</param>
public sealed record ReleasedLossWeightOptions(
    [property: OptionRange(0, 4)] double Power = 1,
    [property: OptionRange(1e-12, 1e6)] double Offset = 1e-3) : LossWeightOptions;

/// <summary>
/// log(1 + M / c) with M the error's mean over dimensions: the negative logarithm of a Cauchy density. Its gradient is that of the adaptive
/// weight of power 1, and its value follows the error.
/// </summary>
/// <param name="Offset">c.</param>
public sealed record CauchyLossWeightOptions(
    [property: OptionRange(1e-12, 1e6)] double Offset = 0.05) : LossWeightOptions;

/// <summary>The distribution of training times, and their shift (docs/method.md §1).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(UniformTimeOptions), "uniform")]
[JsonDerivedType(typeof(LogitNormalTimeOptions), "logitNormal")]
public abstract record TimeSamplerOptions
{
    /// <summary>The scale s of the time shift; null: that of the latents' dimension.</summary>
    public double? ShiftScale() => this switch
    {
        UniformTimeOptions uniform => uniform.Shift,
        LogitNormalTimeOptions normal => normal.Shift,
        _ => null,
    };

    /// <summary>Whether samples are weighted, so that the expected loss is that of uniform times without a shift.</summary>
    public bool ReweightsToUniform() => this is UniformTimeOptions { Reweight: UniformTimeOptions.ToUniform };
}

/// <summary>t ~ U(0, high), then shifted.</summary>
/// <param name="High">Upper end; the released code draws up to 0.999.</param>
/// <param name="Shift">Scale s of the time shift of training: a number, or auto for sqrt(D / 4096), at least 1. Trajectories of CMT and
/// sampling grids always have the automatic shift.</param>
/// <param name="Reweight">uniform: importance weights of the samples give the expected loss of times without a shift, U(0, high). none: no
/// weights.</param>
public sealed record UniformTimeOptions(
    [property: OptionRange(0.001, 1)] double High = 1,
    [property: OptionRange(1, 1000)][property: JsonConverter(typeof(AutoNumberConverter))] double? Shift = null,
    [property: OptionChoice("none", UniformTimeOptions.ToUniform)] string Reweight = "none") : TimeSamplerOptions
{
    /// <summary>The value of <see cref="Reweight"/> that weights samples.</summary>
    public const string ToUniform = "uniform";
}

/// <summary>logit t ~ N(μ, σ²), given that t lies in [low, high], then shifted.</summary>
/// <param name="Mean">μ, the mean of logit t.</param>
/// <param name="Deviation">σ, the standard deviation of logit t.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end; the released code draws up to 0.999.</param>
/// <param name="Shift">Scale s of the time shift of training: a number, or auto for sqrt(D / 4096), at least 1. Trajectories of CMT and
/// sampling grids always have the automatic shift.</param>
public sealed record LogitNormalTimeOptions(
    [property: OptionRange(-10, 10)] double Mean = 0,
    [property: OptionRange(0.01, 10)] double Deviation = 1,
    [property: OptionRange(0, 0.999)] double Low = 0,
    [property: OptionRange(0.001, 1)] double High = 1,
    [property: OptionRange(1, 1000)][property: JsonConverter(typeof(AutoNumberConverter))] double? Shift = null) : TimeSamplerOptions;

/// <summary>Consistency mid-training of the mean-flow network on trajectories of the teacher (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoCmtOptions), "none")]
[JsonDerivedType(typeof(TrajectoryCmtOptions), "trajectory")]
[JsonDerivedType(typeof(PretrainedCmtOptions), "pretrained")]
public abstract record CmtOptions;

/// <summary>No mid-training.</summary>
public sealed record NoCmtOptions : CmtOptions;

/// <summary>A mid-trained mean-flow network from a file; PATH::NAME as for a teacher.</summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside a checkpoint, such as `ema`.</param>
/// <param name="Network">The sizes of a released network, whose file does not contain them; absent for files of the lab, whose metadata
/// describe the network.</param>
public sealed record PretrainedCmtOptions([property: OptionExample(WeightPath.Example)] string Weights, GeneratorNetworkOptions? Network = null) : CmtOptions, IPretrainedGenerator;

/// <summary>
/// Regression to (z_ti - z_tj) / (ti - tj) on pairs of points of Euler trajectories from the prior, initialised from the
/// teacher.
/// </summary>
/// <param name="TrajectoryPoints">Points on a trajectory, both ends included.</param>
/// <param name="PairsPerTrajectory">Pairs drawn from each trajectory; the batch size counts pairs.</param>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
/// <param name="Labels">The times of the points in both input and denominator: trajectory uses the times of the trajectory; uniform uses
/// equal steps from 1 to 0, whatever the times of the trajectory, as in the released code.</param>
/// <param name="GridEnd">The end of the trajectory, before the time shift; 0.001 in the released code.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
public sealed record TrajectoryCmtOptions(
    TrainingOptions Training,
    [property: OptionRange(2, 1024)] int TrajectoryPoints = 16,
    [property: OptionRange(1, 4096)] int PairsPerTrajectory = 8,
    [property: OptionRange(0, 1)] double LabelDropout = 0,
    [property: OptionChoice("trajectory", "uniform")] string Labels = "trajectory",
    [property: OptionRange(0, 0.5)] double GridEnd = 0,
    GuidanceOptions? Guidance = null) : CmtOptions, ITrained;
