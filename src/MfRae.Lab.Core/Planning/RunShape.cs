using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>Which stages the options of an arm ask for.</summary>
internal sealed class RunShape(EvaluationOptions evaluation, LabOptions options)
{
    /// <summary>A study looks at the generator itself: there is nothing to decode or to judge.</summary>
    public bool IsSampled => options.Study is null;

    public bool HasDecoder => options.Decoder is not NoDecoderOptions;

    public bool HasSecondFeatures => evaluation.SecondFeatures is not (null or NoFeatureOptions) && evaluation.References.Count > 0;

    public bool HasTeacher => options.Teacher is not NoTeacherOptions;

    public bool HasMeanFlow => options.MeanFlow is not NoMeanFlowOptions;

    /// <summary>A CMT network is trained where something comes of it: it is the generator, or MeanFlow starts from it.</summary>
    public bool HasCmt => options.Cmt is not NoCmtOptions
        && options.MeanFlow is NoMeanFlowOptions or LambdaMeanFlowOptions { Initialisation: "cmt" };

    /// <summary>What training latents come from: kept ones from their stage alone, others from the images themselves.</summary>
    public string[] Data => options.Latents.EncodesWhenDrawn()
        ? [StageInput.Latents, StageInput.Dataset, StageInput.Encoder]
        : [StageInput.Latents];

    /// <summary>
    /// What reconstructions of the test set are measured by: they have no noise that a teacher could start from, and lie near training
    /// images no more than the test set does.
    /// </summary>
    public IReadOnlyList<MetricOptions> MetricsOfImages =>
        [.. evaluation.Metrics.Where(metric => metric is FidOptions or InceptionScoreOptions or ClassAccuracyOptions or KidOptions)];
}
