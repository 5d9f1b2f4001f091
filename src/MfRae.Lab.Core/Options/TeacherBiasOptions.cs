using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The error δ = v_φ - v of a teacher that is otherwise exact (docs/method.md §6).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoBiasOptions), "none")]
[JsonDerivedType(typeof(ConstantBiasOptions), "constant")]
[JsonDerivedType(typeof(ScaledBiasOptions), "scaled")]
[JsonDerivedType(typeof(SmoothBiasOptions), "smooth")]
public abstract record TeacherBiasOptions;

/// <summary>The teacher is the marginal velocity.</summary>
public sealed record NoBiasOptions : TeacherBiasOptions;

/// <summary>δ is the same vector everywhere.</summary>
/// <param name="Vector">One number for each dimension.</param>
public sealed record ConstantBiasOptions([property: OptionRange(-1000, 1000)] IReadOnlyList<double> Vector) : TeacherBiasOptions;

/// <summary>δ = <paramref name="Share"/> · v: the teacher is too fast, or with a negative share too slow.</summary>
public sealed record ScaledBiasOptions([property: OptionRange(-10, 10)] double Share) : TeacherBiasOptions;

/// <summary>δ = size · sin(2π z / wavelength) in each coordinate.</summary>
public sealed record SmoothBiasOptions(
    [property: OptionRange(-1000, 1000)] double Size,
    [property: OptionRange(1e-3, 1e6)] double Wavelength = 4) : TeacherBiasOptions;
