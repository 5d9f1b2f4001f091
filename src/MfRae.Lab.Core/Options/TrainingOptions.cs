using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Options of a component whose network is trained.</summary>
public interface ITrained
{
    /// <summary>How the network is trained.</summary>
    TrainingOptions Training { get; }
}

/// <summary>
/// How a network is trained: AdamW with gradient clipping, warm-up and a learning-rate schedule, and an exponential moving average (EMA) of
/// the weights.
/// </summary>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="BatchSize">Samples per step.</param>
/// <param name="LearningRate">Learning rate of AdamW after the warm-up.</param>
/// <param name="Beta1">Decay of the average of the gradient.</param>
/// <param name="Beta2">Decay of the average of the squared gradient.</param>
/// <param name="WeightDecay">Decoupled weight decay of AdamW.</param>
/// <param name="ClipNorm">Global gradient norm to clip at; 0 does not clip.</param>
/// <param name="Ema">Decay of the moving average of the weights that other stages use; 0 uses the weights themselves.</param>
/// <param name="WarmupSteps">Steps in which the learning rate increases linearly from 0; 0: no warm-up.</param>
/// <param name="Schedule">Learning rate after the warm-up (docs/method.md §2): constant; cosine and linear, which fall until the last step; step,
/// which is multiplied by <paramref name="DropFactor"/> after each of <paramref name="DropSteps"/>; wsd, constant and then linear over the last
/// <paramref name="DecaySteps"/>.</param>
/// <param name="Precision">Precision of matrix products in both passes: float32, the TF32 of the released code's "fp32" runs, or bf16, the
/// bfloat16 of mixed precision. On a device without TF32, the operands of the forward products are rounded to its 10 mantissa bits. With bf16,
/// weights, optimizer and EMA are float32, and so are all products of an estimate of du/dt (docs/method.md §3).</param>
/// <param name="Epsilon">The constant that AdamW adds to the root of the second moment.</param>
/// <param name="GradientNormLimit">The training ends as diverged if the norm of the gradient of the unweighted loss, before clipping, is above
/// this limit for <paramref name="GradientNormSteps"/> steps in a row; 0: no limit. With a loss weight, a limit costs a second backward
/// pass a step.</param>
/// <param name="GradientNormSteps">The number of steps in a row above `gradientNormLimit` after which a training ends as diverged.</param>
/// <param name="ScheduleEnd">The learning rate after the last step of a cosine, linear or wsd schedule, as a fraction of
/// <paramref name="LearningRate"/>; absent: 0.</param>
/// <param name="DecaySteps">The number of last steps in which the learning rate of a wsd schedule falls; absent: a tenth of the steps.</param>
/// <param name="DropSteps">The numbers of steps after which the learning rate of a step schedule falls, ascending.</param>
/// <param name="DropFactor">The factor by which each drop of a step schedule multiplies the learning rate; absent: 0.1.</param>
public sealed record TrainingOptions(
    [property: OptionRange(1, 100_000_000, Unit = "steps")][property: OptionExample("10000")] int Steps,
    [property: OptionRange(1, 1_000_000, Unit = "samples")] int BatchSize = 64,
    [property: OptionRange(0, 1)] double LearningRate = 1e-4,
    [property: OptionRange(0, 0.999999)] double Beta1 = 0.9,
    [property: OptionRange(0, 0.999999)] double Beta2 = 0.95,
    [property: OptionRange(0, 10)] double WeightDecay = 0,
    [property: OptionRange(0, 1e9)] double ClipNorm = 1,
    [property: OptionRange(0, 0.9999999)] double Ema = 0.999,
    [property: OptionRange(0, 100_000_000, Unit = "steps")] int WarmupSteps = 0,
    [property: OptionChoice("constant", TrainingOptions.Cosine, TrainingOptions.Linear, TrainingOptions.StepWise, TrainingOptions.WarmupStableDecay)]
    string Schedule = "constant",
    [property: OptionChoice("float32", TrainingOptions.Tf32, TrainingOptions.BFloat16)] string Precision = "float32",
    [property: OptionRange(1e-16, 1)] double Epsilon = 1e-8,
    [property: OptionRange(0, 1e30)] double GradientNormLimit = 0,
    [property: OptionRange(1, 1_000_000, Unit = "steps")] int GradientNormSteps = 100,
    [property: OptionRange(0, 1)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ScheduleEnd = null,
    [property: OptionRange(1, 100_000_000, Unit = "steps")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? DecaySteps = null,
    [property: OptionRange(1, 100_000_000, Unit = "steps")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<int>? DropSteps = null,
    [property: OptionRange(0, 1)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DropFactor = null)
{
    /// <summary>The schedule along half a cosine.</summary>
    public const string Cosine = "cosine";

    /// <summary>The schedule along a line.</summary>
    public const string Linear = "linear";

    /// <summary>The schedule of <see cref="DropSteps"/>.</summary>
    public const string StepWise = "step";

    /// <summary>The schedule that is constant until its last <see cref="DecaySteps"/>.</summary>
    public const string WarmupStableDecay = "wsd";

    /// <summary>The default of <see cref="DropFactor"/>.</summary>
    public const double UsualDropFactor = 0.1;

    /// <summary>The default of <see cref="DecaySteps"/>: a tenth of the steps, and at least one.</summary>
    public static int UsualDecaySteps(int steps) => Math.Max(1, steps / 10);

    /// <summary>The precision of the released code.</summary>
    public const string Tf32 = "tf32";

    /// <summary>Mixed precision with bfloat16 products.</summary>
    public const string BFloat16 = "bf16";

    /// <summary>Above this share of initial weights in the average, results depend notably on the initial weights.</summary>
    public const double NotableInitialShare = 0.1;

    /// <summary>
    /// The share of the initial weights in the average after training, ema^steps: the average starts at the initial weights, and each step
    /// moves it by a fraction 1 - ema towards the current weights, without a ramp. 0 for an ema of 0.
    /// </summary>
    public static double InitialShare(double ema, double steps) => ema > 0 ? Math.Pow(ema, steps) : 0;
}

/// <summary>The options of a MeanFlow stage that trains a network, for any objective.</summary>
public interface IMeanFlowTraining : ITrained
{
    /// <summary>The sizes of a network that starts from random weights.</summary>
    GeneratorNetworkOptions Network { get; }

    /// <summary>Weights to start from: cmt, teacher or random.</summary>
    string Initialisation { get; }

    /// <summary>The number of snapshots of the averaged weights during training.</summary>
    int Snapshots { get; }

    /// <summary>The evaluation during training, or null.</summary>
    WatchOptions? Watch { get; }

    /// <summary>The distribution of the pairs of times.</summary>
    TimeSamplerOptions Time { get; }

    /// <summary>The estimator of du/dt; null for a target that needs none.</summary>
    DerivativeOptions? Derivative { get; }

    /// <summary>The weight of a sample's error.</summary>
    LossWeightOptions LossWeight { get; }

    /// <summary>λ of the target at the start of training: the weight of the teacher's velocity.</summary>
    double Lambda { get; }

    /// <summary>The fraction of the samples that are regressed on a velocity.</summary>
    double EqualFraction { get; }

    /// <summary>The probability that a label is replaced by the null label.</summary>
    double LabelDropout { get; }

    /// <summary>The guidance of the teacher, or null.</summary>
    GuidanceOptions? Guidance { get; }

    /// <summary>The guidance of the one-point velocity by the network itself, or null.</summary>
    SelfGuidanceOptions? SelfGuidance { get; }
}
