using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The flow-matching teacher v_φ (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoTeacherOptions), "none")]
[JsonDerivedType(typeof(PretrainedTeacherOptions), "pretrained")]
[JsonDerivedType(typeof(FlowMatchingOptions), "flowMatching")]
[JsonDerivedType(typeof(OracleTeacherOptions), "oracle")]
public abstract record TeacherOptions;

/// <summary>No teacher: the plan ends at the decoder.</summary>
public sealed record NoTeacherOptions : TeacherOptions;

/// <summary>Weights from a file; PATH::NAME reads a dictionary inside a checkpoint, such as `ema`.</summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside a checkpoint, such as `ema`.</param>
/// <param name="Network">The sizes of a released network, whose file does not contain them; absent for files of the lab, whose metadata
/// describe the network.</param>
public sealed record PretrainedTeacherOptions([property: OptionExample(WeightPath.Example)] string Weights, GeneratorNetworkOptions? Network = null) : TeacherOptions, IPretrainedGenerator;

/// <summary>A generator whose weights are in a file: a teacher, or a mean-flow network of the CMT or MeanFlow stage.</summary>
public interface IPretrainedGenerator : IReadsFiles
{
    /// <summary>The path of the weights.</summary>
    string Weights { get; }

    /// <summary>The sizes of a released network; null for files of the lab.</summary>
    GeneratorNetworkOptions? Network { get; }

    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>Trains a velocity network on ‖v_φ(z_t, t, y) - v̂‖².</summary>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
public sealed record FlowMatchingOptions(
    GeneratorNetworkOptions Network,
    TimeSamplerOptions Time,
    TrainingOptions Training,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1) : TeacherOptions, ITrained;

/// <summary>No network: the exact velocity of an oracle dataset, with an error of known form (docs/method.md §6).</summary>
public sealed record OracleTeacherOptions(TeacherBiasOptions Bias) : TeacherOptions;

/// <summary>The error δ = v_φ - v of a teacher that is otherwise exact (docs/method.md §6).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoBiasOptions), "none")]
[JsonDerivedType(typeof(ConstantBiasOptions), "constant")]
[JsonDerivedType(typeof(ScaledBiasOptions), "scaled")]
[JsonDerivedType(typeof(SmoothBiasOptions), "smooth")]
public abstract record TeacherBiasOptions;

/// <summary>The teacher is the marginal velocity.</summary>
public sealed record NoBiasOptions : TeacherBiasOptions;

/// <summary>δ is a constant vector.</summary>
/// <param name="Vector">One number for each dimension.</param>
public sealed record ConstantBiasOptions([property: OptionRange(-1000, 1000)][property: OptionExample("[0.1, 0]")] IReadOnlyList<double> Vector) : TeacherBiasOptions;

/// <summary>δ = <paramref name="Share"/> · v: the teacher is too fast, or too slow if the share is negative.</summary>
/// <param name="Share">The size of the error relative to v.</param>
public sealed record ScaledBiasOptions([property: OptionRange(-10, 10)][property: OptionExample("0.1")] double Share) : TeacherBiasOptions;

/// <summary>δ = size · sin(2π z / wavelength) in each coordinate.</summary>
/// <param name="Size">The largest error of a coordinate.</param>
/// <param name="Wavelength">The distance in z after which the error repeats.</param>
public sealed record SmoothBiasOptions(
    [property: OptionRange(-1000, 1000)][property: OptionExample("0.1")] double Size,
    [property: OptionRange(1e-3, 1e6)] double Wavelength = 4) : TeacherBiasOptions;
