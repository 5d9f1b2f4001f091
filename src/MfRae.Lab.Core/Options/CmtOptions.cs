using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Consistency mid-training of the mean-flow network on trajectories of the teacher (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoCmtOptions), "none")]
[JsonDerivedType(typeof(TrajectoryCmtOptions), "trajectory")]
public abstract record CmtOptions;

/// <summary>No mid-training.</summary>
public sealed record NoCmtOptions : CmtOptions;

/// <summary>
/// Regression to (z_ti - z_tj) / (ti - tj) on pairs of points of Euler trajectories from the prior, initialised from the
/// teacher.
/// </summary>
/// <param name="TrajectoryPoints">Points on a trajectory, both ends included.</param>
/// <param name="PairsPerTrajectory">Pairs drawn from each trajectory; the batch size counts pairs.</param>
/// <param name="Labels">The times that label the points, in input and denominator alike: those of the trajectory, or as in
/// the released code equal steps from 1 to 0, whatever the trajectory's own.</param>
/// <param name="GridEnd">Where the trajectory ends, before the time shift; the released code stops at 0.001.</param>
/// <param name="Guidance">Guides the teacher; absent: none.</param>
public sealed record TrajectoryCmtOptions(
    TrainingOptions Training,
    [property: OptionRange(2, 1024)] int TrajectoryPoints = 16,
    [property: OptionRange(1, 4096)] int PairsPerTrajectory = 8,
    [property: OptionRange(0, 1)] double LabelDropout = 0,
    [property: OptionChoice("trajectory", "uniform")] string Labels = "trajectory",
    [property: OptionRange(0, 0.5)] double GridEnd = 0,
    GuidanceOptions? Guidance = null) : CmtOptions;
