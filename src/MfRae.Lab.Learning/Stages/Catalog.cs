using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Which code computes which stage.</summary>
public static class Catalog
{
    public static IStage Create(StageDefinition definition) => definition switch
    {
        DatasetStage stage => new DatasetRunner(stage.Dataset),
        FeatureStage stage => new FeatureRunner(stage.Features),
        ReferenceStage stage => new ReferenceRunner(stage),
        LadderStage stage => new LadderRunner(stage),
        EncoderStage stage => new EncoderRunner(stage.Encoder),
        ProbeStage => new ProbeRunner(),
        DecoderStage stage => new DecoderRunner(stage.Decoder),
        ReconstructionStage stage => new ReconstructionRunner(stage),
        LatentStage stage => new LatentRunner(stage.Latents),
        TeacherStage stage => new TeacherRunner(stage.Teacher),
        CmtStage stage => new CmtRunner(stage.Cmt),
        MeanFlowStage stage => new MeanFlowRunner(stage.MeanFlow),
        SnapshotStage stage => new SnapshotRunner(stage),
        SamplingStage stage => new SamplingRunner(stage),
        OracleEvaluationStage stage => new OracleEvaluationRunner(stage),
        EvaluationStage stage => new EvaluationRunner(stage),
        DerivativeErrorStage stage => new DerivativeErrorRunner(stage.Study),
        _ => throw new NotSupportedException($"{definition.GetType().Name} has no runner"),
    };
}
