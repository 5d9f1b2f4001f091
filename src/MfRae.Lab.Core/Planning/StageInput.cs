namespace MfRae.Lab.Core.Planning;

/// <summary>The names by which a stage finds its inputs.</summary>
public static class StageInput
{
    public const string Dataset = "dataset";
    public const string Features = "features";
    public const string SecondFeatures = "secondFeatures";
    public const string Encoder = "encoder";
    public const string Decoder = "decoder";
    public const string Latents = "latents";
    public const string Teacher = "teacher";
    public const string Cmt = "cmt";
    public const string Generator = "generator";
    public const string Samples = "samples";
    public const string TeacherSamples = "teacherSamples";

    /// <summary>The statistics of a dataset split.</summary>
    public static string Reference(string split) => "reference." + split;

    /// <summary>The same in the features of the second network.</summary>
    public static string SecondReference(string split) => "secondReference." + split;
}
