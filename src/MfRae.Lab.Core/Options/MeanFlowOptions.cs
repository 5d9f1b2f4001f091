using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The MeanFlow stage: distillation (λ = 1, MFD), training (λ = 0, MFT) or a mix (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoMeanFlowOptions), "none")]
[JsonDerivedType(typeof(LambdaMeanFlowOptions), "lambda")]
public abstract record MeanFlowOptions;

/// <summary>No MeanFlow stage: the run is judged by CMT if there is one, else by the teacher.</summary>
public sealed record NoMeanFlowOptions : MeanFlowOptions;

/// <summary>Trains u_θ towards w_λ - (t - r) du/dt with w_λ = (1 - λ) v̂ + λ v_φ.</summary>
/// <param name="Lambda">λ of the target, at the start of training: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="TangentLambda">λ of the direction of the derivative; absent: that of the target, at every step.</param>
/// <param name="Initialisation">Weights to start from: the CMT network, the teacher, or random ones.</param>
/// <param name="EqualFraction">Fraction of the samples with r = t.</param>
/// <param name="LambdaSchedule">How <paramref name="Lambda"/> moves; absent: it stays.</param>
/// <param name="TangentLambdaSchedule">How <paramref name="TangentLambda"/> moves; absent: it stays.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
/// <param name="Snapshots">How often the averaged weights are kept on the way, to be sampled and measured afterwards: at the start and
/// at …, a quarter, a half of the steps; 0: never.</param>
public sealed record LambdaMeanFlowOptions(
    [property: OptionRange(0, 1)] double Lambda,
    DitOptions Network,
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
    [property: OptionRange(0, 30)] int Snapshots = 0) : MeanFlowOptions;
