using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Which code computes which stage.</summary>
public static class StageFactory
{
    /// <summary>The code of a stage: the one list to extend for a new stage.</summary>
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

/// <summary>Readies the numerics of a worker process, for callers that see no tensor library.</summary>
public static class WorkerNumerics
{
    /// <summary>Takes the device and the threads into use, and says which device it is.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    /// <exception cref="MfRae.Lab.Core.LabException">The device is not there.</exception>
    public static string Prepare(string device, int threads)
    {
        ComputeDevice.Prepare(threads);
        return ComputeDevice.Resolve(device).ToString();
    }
}
