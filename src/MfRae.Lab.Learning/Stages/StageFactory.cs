using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Ranks;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Creates the code of a stage.</summary>
public static class StageFactory
{
    /// <summary>The code of a stage that this process computes alone.</summary>
    public static IStage Create(StageDefinition definition) => Create(definition, new OneProcess());

    /// <summary>The code of each kind of stage. A new stage is added to this list.</summary>
    /// <param name="ranks">The processes that compute the stage together.</param>
    public static IStage Create(StageDefinition definition, ICollective ranks) => definition switch
    {
        DatasetStage stage => new DatasetRunner(stage.Dataset),
        FeatureStage stage => new FeatureRunner(stage.Features),
        ReferenceStage stage => new ReferenceRunner(stage, ranks),
        StatisticsStage stage => new StatisticsRunner(stage),
        LadderStage stage => new LadderRunner(stage),
        EncoderStage stage => new EncoderRunner(stage.Encoder, ranks),
        ProbeStage => new ProbeRunner(),
        DecoderStage stage => new DecoderRunner(stage.Decoder, ranks),
        ReconstructionStage stage => new ReconstructionRunner(stage),
        LatentStage stage => new LatentRunner(stage.Latents),
        TeacherStage stage => new TeacherRunner(stage.Teacher, ranks),
        CmtStage stage => new CmtRunner(stage.Cmt, ranks),
        MeanFlowStage stage => new MeanFlowRunner(stage.MeanFlow, ranks),
        SnapshotStage stage => new SnapshotRunner(stage, ranks),
        SamplingStage stage => new SamplingRunner(stage, ranks),
        ExternalSamplingStage stage => new ExternalSamplingRunner(stage),
        SheetStage stage => new SheetRunner(stage),
        EndPointStage stage => new EndPointRunner(stage, ranks),
        OracleEvaluationStage stage => new OracleEvaluationRunner(stage),
        EvaluationStage stage => new EvaluationRunner(stage, ranks),
        DerivativeErrorStage stage => new DerivativeErrorRunner(stage.Study),
        _ => throw new NotSupportedException($"{definition.GetType().Name} has no runner"),
    };
}

/// <summary>Prepares the numerics of a worker process, for callers without a reference to the tensor library.</summary>
public static class WorkerNumerics
{
    /// <summary>Sets the device and the number of threads, and returns the name of the device.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    /// <exception cref="MfRae.Lab.Core.LabException">The device does not exist.</exception>
    public static string Prepare(string device, int threads)
    {
        ComputeDevice.Prepare(threads);
        return ComputeDevice.Resolve(device).ToString();
    }
}
