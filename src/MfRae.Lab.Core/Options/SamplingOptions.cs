using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>
/// How samples are drawn for evaluation. All arms of a seed start from the same noise and labels, so that their differences can be taken
/// seed by seed.
/// </summary>
/// <param name="Samples">Number of samples.</param>
/// <param name="Steps">Numbers of network evaluations of the few-step generator.</param>
/// <param name="TeacherSteps">Numbers of solver steps of the teacher, sampled from the same noise; the largest gives its ODE end point.
/// A step takes one evaluation with Euler and two with Heun; measurements are named by evaluations.</param>
/// <param name="Seed">The seed of noise and labels by the rule fixed, and of the samples by which the teacher is evaluated.</param>
/// <param name="BatchSize">Noise is drawn in batches of this size, so it is part of what the noise depends on.</param>
/// <param name="KeptLatents">The number of first samples whose latents are kept for the end-point error.</param>
/// <param name="Labels">balanced: equal numbers of each class, in turns; random: each label is drawn at random; permuted: equal numbers of
/// each class in the random order of the released code, whose `global_seed` is the seed of the noise.</param>
/// <param name="TeacherSolver">Solver of the teacher's ODE: euler, or heun of second order.</param>
/// <param name="TeacherGridEnd">The last time of the teacher's grid, before the time shift; 0.001 in the released code.</param>
/// <param name="Guidance">Guides the teacher, but not the few-step generator; absent: none.</param>
/// <param name="Noise">run: noise and random labels follow the seed of the run, so that the spread over seeds contains the noise of
/// sampling. fixed: all runs use the noise of <paramref name="Seed"/>. file: all runs use the noise and labels of
/// <paramref name="NoiseFile"/>.</param>
/// <param name="NoiseSets">Sets of samples of each run, each with separate noise. The value of a run is the mean over its sets.</param>
/// <param name="NoiseFile">A safetensors file with `noise` [N, C, H, W] and `labels` [N], for noise of kind file: the first samples use the
/// first rows. The verb `noise` writes such a file.</param>
/// <param name="Grid">The times between the steps of the few-step generator; absent: shifted.</param>
/// <param name="Bytes">How a pixel becomes a whole number from 0 to 255: round, to the nearest; truncate, as in the released code.</param>
/// <param name="Sheets">Further sheets of samples, of chosen classes. They change neither samples nor values.</param>
/// <param name="External">Samples of another program, for an arm without networks; absent: samples of the arm's generator.</param>
public sealed record SamplingOptions(
    [property: OptionRange(2, 1_000_000, Unit = "samples")] int Samples = 10_000,
    [property: OptionRange(1, 1000, Unit = "evaluations")] IReadOnlyList<int>? Steps = null,
    [property: OptionRange(1, 1000, Unit = "solver steps")] IReadOnlyList<int>? TeacherSteps = null,
    [property: OptionRange(0, int.MaxValue)] int Seed = 0,
    [property: OptionRange(1, 100_000, Unit = "samples")] int BatchSize = 250,
    [property: OptionRange(0, 1_000_000, Unit = "samples")] int KeptLatents = 1_000,
    [property: OptionChoice(SamplingOptions.BalancedLabels, SamplingOptions.RandomLabels, SamplingOptions.PermutedLabels)]
    string Labels = SamplingOptions.BalancedLabels,
    [property: OptionChoice("euler", "heun")] string TeacherSolver = "euler",
    [property: OptionRange(0, 0.5)] double TeacherGridEnd = 0,
    GuidanceOptions? Guidance = null,
    [property: OptionChoice(SamplingOptions.NoiseOfRun, SamplingOptions.FixedNoise, SamplingOptions.NoiseOfFile)]
    string Noise = SamplingOptions.NoiseOfRun,
    [property: OptionRange(1, 100)] int NoiseSets = 1,
    string? NoiseFile = null,
    SamplingGridOptions? Grid = null,
    [property: OptionChoice(SamplingOptions.RoundedBytes, SamplingOptions.TruncatedBytes)] string Bytes = SamplingOptions.RoundedBytes,
    IReadOnlyList<ClassSheetOptions>? Sheets = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ExternalSamplesOptions? External = null)
{
    /// <summary>Noise by the seed of the run.</summary>
    public const string NoiseOfRun = "run";

    /// <summary>The same noise for all runs.</summary>
    public const string FixedNoise = "fixed";

    /// <summary>Noise and labels from a file.</summary>
    public const string NoiseOfFile = "file";

    /// <summary>Labels that cycle through the classes.</summary>
    public const string BalancedLabels = "balanced";

    /// <summary>Independent labels.</summary>
    public const string RandomLabels = "random";

    /// <summary>Equal numbers of each class in random order.</summary>
    public const string PermutedLabels = "permuted";

    /// <summary>Pixels rounded to the nearest whole number.</summary>
    public const string RoundedBytes = "round";

    /// <summary>Pixels rounded down to a whole number.</summary>
    public const string TruncatedBytes = "truncate";
}

/// <summary>A sheet with the first samples of some classes, which are among the samples that are measured.</summary>
/// <param name="Classes">The numbers of the classes; each has about the same number of samples on the sheet.</param>
/// <param name="Count">The largest number of samples on the sheet.</param>
public sealed record ClassSheetOptions(
    [property: OptionRange(0, 999_999)][property: OptionExample("[0, 1]")] IReadOnlyList<int> Classes,
    [property: OptionRange(1, 400, Unit = "samples")] int Count = 64);

/// <summary>
/// The times between the steps of a few-step generator, from 1 (noise) to 0 (data). A single step always goes from 1 to 0
/// (docs/method.md §4, H).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ShiftedGridOptions), "shifted")]
[JsonDerivedType(typeof(UniformGridOptions), "uniform")]
[JsonDerivedType(typeof(TimesGridOptions), "times")]
public abstract record SamplingGridOptions;

/// <summary>Equal steps, shifted as training times are (docs/method.md §1).</summary>
public sealed record ShiftedGridOptions : SamplingGridOptions;

/// <summary>Equal steps without a shift, as in the released code: two steps go through 0.5.</summary>
public sealed record UniformGridOptions : SamplingGridOptions;

/// <summary>Written times.</summary>
/// <param name="Times">For each number of steps above 1 an array of times that begins with 1, falls, and ends with 0, e.g. [[1, 0.5, 0]].</param>
public sealed record TimesGridOptions(
    [property: OptionRange(0, 1)][property: OptionExample("[[1, 0.5, 0]]")] IReadOnlyList<IReadOnlyList<double>> Times) : SamplingGridOptions;

/// <summary>
/// Classifier-free guidance of the teacher (docs/method.md §2): at times in [low, high], its velocity without a label plus
/// <paramref name="Scale"/> times the difference that the label makes; at other times, its velocity with the label.
/// </summary>
/// <param name="Scale">1 changes nothing.</param>
/// <param name="Low">Lower end of the interval, in shifted time; 0 is data.</param>
/// <param name="High">Upper end of the interval, in shifted time; 1 is noise.</param>
public sealed record GuidanceOptions(
    [property: OptionRange(0, 100)][property: OptionExample("1.5")] double Scale,
    [property: OptionRange(0, 1)] double Low = 0,
    [property: OptionRange(0, 1)] double High = 1);

/// <summary>Defaults that cannot be constants: arrays of steps.</summary>
public static class SamplingDefaults
{
    /// <summary>The default of <see cref="SamplingOptions.Steps"/>.</summary>
    public static IReadOnlyList<int> Steps => [1, 2];

    /// <summary>The default of <see cref="SamplingOptions.TeacherSteps"/>.</summary>
    public static IReadOnlyList<int> TeacherSteps => [1, 50];

    /// <summary>Fills in the defaults, so that keys and reports contain them.</summary>
    public static SamplingOptions Resolve(SamplingOptions options) => options with
    {
        Steps = options.Steps ?? Steps,
        TeacherSteps = options.TeacherSteps ?? TeacherSteps,
    };
}
