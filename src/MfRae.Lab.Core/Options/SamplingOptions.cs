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
/// <param name="Labels">balanced: equal numbers of each class; random: each label is drawn at random.</param>
/// <param name="TeacherGridEnd">The last time of the teacher's grid, before the time shift; 0.001 in the released code.</param>
/// <param name="Guidance">Guides the teacher, but not the few-step generator; absent: none.</param>
/// <param name="Noise">run: noise and random labels follow the seed of the run, so that the spread over seeds contains the noise of
/// sampling. fixed: all runs use the noise of <paramref name="Seed"/>.</param>
/// <param name="NoiseSets">Sets of samples of each run, each with separate noise. The value of a run is the mean over its sets.</param>
public sealed record SamplingOptions(
    [property: OptionRange(10, 1_000_000)] int Samples = 10_000,
    [property: OptionRange(1, 1000)] IReadOnlyList<int>? Steps = null,
    [property: OptionRange(1, 1000)] IReadOnlyList<int>? TeacherSteps = null,
    [property: OptionRange(0, int.MaxValue)] int Seed = 0,
    [property: OptionRange(1, 100_000)] int BatchSize = 250,
    [property: OptionRange(0, 1_000_000)] int KeptLatents = 1_000,
    [property: OptionChoice("balanced", "random")] string Labels = "balanced",
    [property: OptionChoice("euler", "heun")] string TeacherSolver = "euler",
    [property: OptionRange(0, 0.5)] double TeacherGridEnd = 0,
    GuidanceOptions? Guidance = null,
    [property: OptionChoice(SamplingOptions.NoiseOfRun, SamplingOptions.FixedNoise)] string Noise = SamplingOptions.NoiseOfRun,
    [property: OptionRange(1, 100)] int NoiseSets = 1)
{
    /// <summary>Noise by the seed of the run.</summary>
    public const string NoiseOfRun = "run";

    /// <summary>The same noise for all runs.</summary>
    public const string FixedNoise = "fixed";
}

/// <summary>
/// Classifier-free guidance of the teacher (docs/method.md §2): at times in [low, high], its velocity without a label plus
/// <paramref name="Scale"/> times the difference that the label makes; at other times, its velocity with the label.
/// </summary>
/// <param name="Scale">1 changes nothing.</param>
/// <param name="Low">Lower end of the interval, in shifted time; 0 is data.</param>
/// <param name="High">Upper end of the interval, in shifted time; 1 is noise.</param>
public sealed record GuidanceOptions(
    [property: OptionRange(0, 100)] double Scale,
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
