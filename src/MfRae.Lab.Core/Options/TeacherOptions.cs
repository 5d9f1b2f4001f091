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

/// <summary>Weights from a file; PATH::NAME takes a dictionary inside a checkpoint, such as `ema`.</summary>
/// <param name="Network">The sizes of a released network, whose file does not say them; absent: the metadata, which the lab wrote, do.</param>
public sealed record PretrainedTeacherOptions(string Weights, DitOptions? Network = null) : TeacherOptions;

/// <summary>Trains DiT^DH on ‖v_φ(z_t, t, y) - v̂‖².</summary>
/// <param name="LabelDropout">Probability that a label is replaced by the null label.</param>
public sealed record FlowMatchingOptions(
    DitOptions Network,
    TimeSamplerOptions Time,
    TrainingOptions Training,
    [property: OptionRange(0, 1)] double LabelDropout = 0.1) : TeacherOptions;

/// <summary>No network: the exact velocity of an oracle dataset, with an error of known form (docs/method.md §6).</summary>
public sealed record OracleTeacherOptions(TeacherBiasOptions Bias) : TeacherOptions;
