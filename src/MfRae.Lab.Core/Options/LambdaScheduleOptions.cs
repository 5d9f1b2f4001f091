using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>How a λ moves from its value at the start of training to another (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LinearLambdaOptions), "linear")]
[JsonDerivedType(typeof(CosineLambdaOptions), "cosine")]
[JsonDerivedType(typeof(SwitchLambdaOptions), "switch")]
public abstract record LambdaScheduleOptions;

/// <summary>In a straight line to <paramref name="End"/>.</summary>
/// <param name="Steps">Over so many steps, constant from then on; absent: over all of training.</param>
public sealed record LinearLambdaOptions(
    [property: OptionRange(0, 1)] double End,
    [property: OptionRange(1, 100_000_000)] int? Steps = null) : LambdaScheduleOptions;

/// <summary>In half a cosine to <paramref name="End"/>: slow at both ends.</summary>
/// <param name="Steps">Over so many steps, constant from then on; absent: over all of training.</param>
public sealed record CosineLambdaOptions(
    [property: OptionRange(0, 1)] double End,
    [property: OptionRange(1, 100_000_000)] int? Steps = null) : LambdaScheduleOptions;

/// <summary>At once to <paramref name="End"/>: from 1 to 0 it is MFD, then MFT.</summary>
/// <param name="Step">The number of steps done before.</param>
public sealed record SwitchLambdaOptions(
    [property: OptionRange(0, 1)] double End,
    [property: OptionRange(1, 100_000_000)] int Step) : LambdaScheduleOptions;
