using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>All options of all stages of one arm: `base` of an experiment file. All of them are part of stage keys.</summary>
/// <param name="MeanFlow">The few-step generator: distillation (λ = 1, MFD), training (λ = 0, MFT) or a mix (docs/method.md §2).</param>
/// <param name="Study">A study of the generator; if absent, the generator is sampled and its samples are measured.</param>
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

/// <summary>
/// A kind of an options record whose `kind` may be absent. Records whose `kind` is required have <see cref="JsonDerivedTypeAttribute"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class OptionKindAttribute(Type record, string kind) : Attribute
{
    /// <summary>The record of the kind.</summary>
    public Type Record { get; } = record;

    /// <summary>The value of `kind`.</summary>
    public string Kind { get; } = kind;

    /// <summary>Whether an object without `kind` is of this kind.</summary>
    public bool IsDefault { get; init; }
}

/// <summary>The closed range of a numeric option. The experiment reader and the JSON Schema read it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionRangeAttribute(double minimum, double maximum = double.MaxValue) : Attribute
{
    /// <summary>The smallest accepted value.</summary>
    public double Minimum { get; } = minimum;

    /// <summary>The largest accepted value.</summary>
    public double Maximum { get; } = maximum;

    /// <summary>The unit of the option, such as steps or pixels; null for a pure number.</summary>
    public string? Unit { get; init; }
}

/// <summary>A value of an option without a default, as JSON. Messages about a missing option show it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionExampleAttribute(string json) : Attribute
{
    /// <summary>The value as JSON.</summary>
    public string Json { get; } = json;
}

/// <summary>
/// The strings that a string option, or each item of an array of strings, accepts. The experiment reader and the JSON Schema read it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionChoiceAttribute(params string[] choices) : Attribute
{
    /// <summary>The accepted strings.</summary>
    public IReadOnlyList<string> Choices { get; } = choices;
}
