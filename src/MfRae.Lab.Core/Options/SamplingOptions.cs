namespace MfRae.Lab.Core.Options;

/// <summary>
/// How many samples are drawn for evaluation, and how. The noise depends on <paramref name="Seed"/> and <paramref name="BatchSize"/> alone, so
/// every arm and seed starts from the same noise and labels.
/// </summary>
/// <param name="Samples">Number of samples.</param>
/// <param name="Steps">Numbers of network evaluations of the few-step generator.</param>
/// <param name="TeacherSteps">Numbers of solver steps of the teacher, sampled from the same noise; the largest is its ODE end point.
/// A step costs one evaluation with Euler, two with Heun; measurements are named by evaluations.</param>
/// <param name="KeptLatents">How many of the first samples keep their latents, for the end-point error.</param>
/// <param name="Labels">Classes in equal numbers, or each drawn at random.</param>
/// <param name="TeacherGridEnd">Where the teacher's grid ends, before the time shift; the released code stops at 0.001.</param>
/// <param name="Guidance">Guides the teacher, but not the few-step generator; absent: none.</param>
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
    GuidanceOptions? Guidance = null);

/// <summary>
/// Classifier-free guidance of the teacher (docs/method.md §2): its velocity without label, plus <paramref name="Scale"/> times
/// the difference that the label makes, at times within [low, high]; elsewhere its velocity with label.
/// </summary>
/// <param name="Scale">1 changes nothing.</param>
/// <param name="Low">Lower end of the interval, in shifted time; 0 is data.</param>
/// <param name="High">Upper end of the interval, in shifted time; 1 is noise.</param>
public sealed record GuidanceOptions(
    [property: OptionRange(0, 100)] double Scale,
    [property: OptionRange(0, 1)] double Low = 0,
    [property: OptionRange(0, 1)] double High = 1);

/// <summary>The defaults that a constant cannot express: lists of steps.</summary>
public static class SamplingDefaults
{
    public static IReadOnlyList<int> Steps => [1, 2];

    public static IReadOnlyList<int> TeacherSteps => [1, 50];

    /// <summary>Spells the lists out, so that keys and reports say them.</summary>
    public static SamplingOptions Resolve(SamplingOptions options) => options with
    {
        Steps = options.Steps ?? Steps,
        TeacherSteps = options.TeacherSteps ?? TeacherSteps,
    };
}
