using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Every option of every stage of one arm: what `base` of an experiment file holds. All of it is part of stage keys.</summary>
/// <param name="Study">What is asked of the generator instead of sampling it; absent: it is sampled and its samples measured.</param>
public sealed record LabOptions(
    DatasetOptions Dataset,
    EncoderOptions Encoder,
    DecoderOptions Decoder,
    LatentOptions Latents,
    TeacherOptions Teacher,
    CmtOptions Cmt,
    [property: JsonPropertyName("meanflow")] MeanFlowOptions MeanFlow,
    SamplingOptions Sampling,
    StudyOptions? Study = null);

/// <summary>The closed range a numeric option must lie in. The experiment reader and the JSON Schema both read it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionRangeAttribute(double minimum, double maximum = double.MaxValue) : Attribute
{
    public double Minimum { get; } = minimum;

    public double Maximum { get; } = maximum;
}

/// <summary>
/// The words a string option (or each item of a list of strings) may take. The experiment reader and the JSON Schema both
/// read it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionChoiceAttribute(params string[] choices) : Attribute
{
    public IReadOnlyList<string> Choices { get; } = choices;
}
