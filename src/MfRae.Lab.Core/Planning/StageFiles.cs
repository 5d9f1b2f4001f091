using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>The files that options point to. Their contents are part of a stage's key: a file that is swapped changes it.</summary>
public static class StageFiles
{
    /// <summary>The four files of an IDX dataset.</summary>
    public static IReadOnlyList<string> IdxNames =>
    [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ];

    /// <summary>The folders of an image folder: training images, and those that are held back.</summary>
    public static IReadOnlyList<string> Splits => ["train", "val"];

    /// <summary>Paths as the options give them, relative to the working directory.</summary>
    public static IReadOnlyList<string> Of(StageDefinition definition) => definition switch
    {
        DatasetStage { Dataset: IdxDatasetOptions idx } => [.. IdxNames.Select(name => $"{idx.Path.TrimEnd('/')}/{name}")],
        DatasetStage { Dataset: ImageFolderDatasetOptions images } => [.. Splits.Select(split => $"{images.Path.TrimEnd('/')}/{split}")],
        FeatureStage { Features: PretrainedFeatureOptions pretrained } => [pretrained.Weights],
        FeatureStage { Features: FidInceptionOptions fid } => [fid.Weights],
        FeatureStage { Features: Dinov2FeatureOptions dinov2 } => [WeightPath.FileOf(dinov2.Weights)],
        FeatureStage { Features: TorchScriptFeatureOptions script } => [script.Weights],
        EncoderStage { Encoder: PretrainedEncoderOptions pretrained } => [pretrained.Weights],
        EncoderStage { Encoder: Dinov2EncoderOptions dinov2 } => [WeightPath.FileOf(dinov2.Weights)],
        DecoderStage { Decoder: PretrainedDecoderOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        LatentStage { Latents: PretrainedLatentOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        TeacherStage { Teacher: PretrainedTeacherOptions pretrained } => [WeightPath.FileOf(pretrained.Weights)],
        _ => [],
    };
}
