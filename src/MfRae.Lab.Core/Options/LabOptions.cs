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
