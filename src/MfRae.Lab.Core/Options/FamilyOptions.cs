using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>
/// α-Flow (arXiv 2510.20771): u_θ → α w + (1 - α) u_θ(z - (t - s) w, r, s) with s = t - α (t - r), which needs no derivative, and MeanFlow's
/// target where α is 0. α falls from 1 to 0 during training (docs/method.md §2).
/// </summary>
/// <param name="Derivative">The estimator of du/dt for the steps at which α is 0.</param>
/// <param name="Alpha">How α changes.</param>
/// <param name="Lambda">λ of w: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="Clamp">Bound of the elements of a target with α > 0 and r &lt; t; 0: none.</param>
/// <param name="Initialisation">Weights to start from: the CMT network, the teacher, or random ones.</param>
/// <param name="EqualFraction">Fraction of the samples with r = t.</param>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
/// <param name="SelfGuidance">Guides w by the network itself; absent: none.</param>
/// <param name="Snapshots">The number of intermediate EMA weights that are kept and later sampled and measured: at the start and at …, a
/// quarter, a half of the steps.</param>
/// <param name="Watch">Evaluates the network during training, and may stop it; absent: neither.</param>
public sealed record AlphaFlowOptions(
    GeneratorNetworkOptions Network,
    TimeSamplerOptions Time,
    DerivativeOptions Derivative,
    LossWeightOptions LossWeight,
    TrainingOptions Training,
    AlphaScheduleOptions Alpha,
    [property: OptionRange(0, 1)] double Lambda = 0,
    [property: OptionRange(0, 1e6)] double Clamp = 4,
    [property: OptionChoice("cmt", "teacher", "random")] string Initialisation = "cmt",
    [property: OptionRange(0, 1)] double EqualFraction = 0.75,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    GuidanceOptions? Guidance = null,
    SelfGuidanceOptions? SelfGuidance = null,
    [property: OptionRange(0, 30)] int Snapshots = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WatchOptions? Watch = null) : MeanFlowOptions, IMeanFlowTraining;

/// <summary>
/// α as a function of the step k (docs/method.md §2): <paramref name="Start"/> before the step <paramref name="Begin"/>,
/// <paramref name="End"/> from the step <paramref name="Finish"/> on, and between them by the shape.
/// </summary>
/// <param name="Shape">sigmoid: 1 - 1/(1 + exp(-γ (p - 1/2))) with p from 0 to 1, whatever start and end are. linear, log and exponential
/// go from start to end. step: end from <paramref name="Finish"/> on.</param>
/// <param name="Start">α before the step `begin`.</param>
/// <param name="End">α from the step `finish` on.</param>
/// <param name="Begin">The step at which α begins to change.</param>
/// <param name="Finish">The step from which α is constant; absent: the last training step.</param>
/// <param name="Gamma">γ of sigmoid; of exponential the power of p.</param>
/// <param name="Clamp">α below it becomes 0, and α above 1 - clamp becomes 1.</param>
/// <param name="Discrete">Whether α below the clamp becomes the clamp instead of 0, so that no derivative is ever needed.</param>
public sealed record AlphaScheduleOptions(
    [property: OptionChoice("sigmoid", "linear", "exponential", "log", "step")] string Shape = "sigmoid",
    [property: OptionRange(0, 1)] double Start = 1,
    [property: OptionRange(0, 1)] double End = 0,
    [property: OptionRange(0, 100_000_000, Unit = "steps")] int Begin = 0,
    [property: OptionRange(1, 100_000_000, Unit = "steps")] int? Finish = null,
    [property: OptionRange(0.01, 1000)] double Gamma = 25,
    [property: OptionRange(0, 0.5)] double Clamp = 0.005,
    bool Discrete = false);

/// <summary>
/// SplitMeanFlow (arXiv 2507.16884): (t - r) u(z_t, r, t) = (s - r) u(z_s, r, s) + (t - s) u(z_t, s, t) with z_s = z_t - (t - s) u(z_t, s, t)
/// and s uniform between r and t. Samples with r = t are regressed on w (docs/method.md §2).
/// </summary>
/// <param name="Lambda">λ of w: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="Initialisation">Weights to start from: the CMT network, the teacher, or random ones.</param>
/// <param name="EqualFraction">Fraction of the samples with r = t.</param>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
/// <param name="SelfGuidance">Guides w by the network itself; absent: none.</param>
/// <param name="Snapshots">The number of intermediate EMA weights that are kept and later sampled and measured: at the start and at …, a
/// quarter, a half of the steps.</param>
/// <param name="Watch">Evaluates the network during training, and may stop it; absent: neither.</param>
public sealed record SplitMeanFlowOptions(
    GeneratorNetworkOptions Network,
    TimeSamplerOptions Time,
    LossWeightOptions LossWeight,
    TrainingOptions Training,
    [property: OptionRange(0, 1)] double Lambda = 0,
    [property: OptionChoice("cmt", "teacher", "random")] string Initialisation = "cmt",
    [property: OptionRange(0, 1)] double EqualFraction = 0.75,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    GuidanceOptions? Guidance = null,
    SelfGuidanceOptions? SelfGuidance = null,
    [property: OptionRange(0, 30)] int Snapshots = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WatchOptions? Watch = null) : MeanFlowOptions, IMeanFlowTraining
{
    DerivativeOptions? IMeanFlowTraining.Derivative => null;
}

/// <summary>
/// Shortcut models (arXiv 2410.12557): the target of SplitMeanFlow with s in the middle of an interval of a dyadic grid (docs/method.md §2).
/// </summary>
/// <param name="GridSteps">Steps M of the finest grid, a power of two. Intervals have 2, 4, …, M of them.</param>
/// <param name="Clip">Bound of the elements of the state between the two parts and of their target; 0: none. The published code uses 4.</param>
/// <param name="FlowInterval">The r of samples that are regressed on w: equal is r = t; grid is one grid step below t, as in the published code.</param>
/// <param name="BootstrapScale">Scale of classifier-free guidance, by the network itself, of both parts of the shortest intervals; 1: none.</param>
/// <param name="Lambda">λ of w: 0 is the one-point velocity, 1 the teacher.</param>
/// <param name="Initialisation">Weights to start from: the CMT network, the teacher, or random ones.</param>
/// <param name="EqualFraction">Fraction of the samples that are regressed on w.</param>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
/// <param name="Snapshots">The number of intermediate EMA weights that are kept and later sampled and measured: at the start and at …, a
/// quarter, a half of the steps.</param>
/// <param name="Watch">Evaluates the network during training, and may stop it; absent: neither.</param>
public sealed record ShortcutOptions(
    GeneratorNetworkOptions Network,
    TimeSamplerOptions Time,
    LossWeightOptions LossWeight,
    TrainingOptions Training,
    [property: OptionRange(2, 65536)] int GridSteps = 128,
    [property: OptionRange(0, 1e6)] double Clip = 0,
    [property: OptionChoice("equal", "grid")] string FlowInterval = "equal",
    [property: OptionRange(0, 100)] double BootstrapScale = 1,
    [property: OptionRange(0, 1)] double Lambda = 0,
    [property: OptionChoice("cmt", "teacher", "random")] string Initialisation = "cmt",
    [property: OptionRange(0, 1)] double EqualFraction = 0.75,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1,
    GuidanceOptions? Guidance = null,
    [property: OptionRange(0, 30)] int Snapshots = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WatchOptions? Watch = null) : MeanFlowOptions, IMeanFlowTraining
{
    DerivativeOptions? IMeanFlowTraining.Derivative => null;

    SelfGuidanceOptions? IMeanFlowTraining.SelfGuidance => null;
}

/// <summary>
/// MeanFlow's guidance inside training (docs/method.md §2): the one-point velocity of samples with a time within the interval becomes
/// ω v̂ + κ u_θ(z, t, t, y) + (1 - ω - κ) u_θ(z, t, t, ∅), held fixed. Its scale is ω / (1 - κ).
/// </summary>
/// <param name="Omega">ω.</param>
/// <param name="Kappa">κ; ω = 1 and κ = 1 - 1/w is the guidance of improved MeanFlow with scale w.</param>
/// <param name="Low">Lower end of the times, included.</param>
/// <param name="High">Upper end of the times, included.</param>
/// <param name="Dropped">Samples whose label was dropped: unguided have v̂; guided have the formula with the null label, as in α-Flow's code.</param>
public sealed record SelfGuidanceOptions(
    [property: OptionRange(-100, 100)] double Omega = 1,
    [property: OptionRange(-100, 0.9999)] double Kappa = 0,
    [property: OptionRange(0, 1)] double Low = 0,
    [property: OptionRange(0, 1)] double High = 1,
    [property: OptionChoice("unguided", SelfGuidanceOptions.Guided)] string Dropped = "unguided")
{
    /// <summary>The value of <see cref="Dropped"/> that guides samples without a label.</summary>
    public const string Guided = "guided";

    /// <summary>Whether u_θ(z, t, t, y) is evaluated.</summary>
    public bool UsesLabelled() => Kappa != 0;

    /// <summary>Whether u_θ(z, t, t, ∅) is evaluated.</summary>
    public bool UsesFree() => 1 - Omega - Kappa != 0;
}
