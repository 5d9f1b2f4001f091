using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>A rough measure of a stage's work, in network evaluations of one sample: enough to start long ways first.</summary>
public static class StageWork
{
    // A worker starts, loads and saves: what even a stage without computation costs, in evaluations of a small network.
    private const long Overhead = 2_000;

    // Forward, backward, the optimizer, and what a step evaluates beside (teacher, probes): eight were measured for CMT.
    private const long EvaluationsPerTrainedSample = 8;

    // Flows by an adaptive solver, and a gradient for each of some hundred points: as long as some hundred training steps.
    private const long OracleEvaluation = 500_000;

    private const long EvaluationsPerReference = 20;

    public static long Of(StageDefinition definition) => Overhead + definition switch
    {
        FeatureStage { Features: InceptionOptions features } => Training(features.Training),
        EncoderStage { Encoder: SelfSupervisedEncoderOptions encoder } => Training(encoder.Training),
        DecoderStage { Decoder: RaeDecoderOptions decoder } => Training(decoder.Training),
        TeacherStage { Teacher: FlowMatchingOptions teacher } => Training(teacher.Training),
        CmtStage { Cmt: TrajectoryCmtOptions cmt } => Training(cmt.Training),
        MeanFlowStage { MeanFlow: LambdaMeanFlowOptions meanFlow } => Training(meanFlow.Training),
        OracleEvaluationStage => OracleEvaluation,
        SnapshotStage kept => (long)kept.Samples * (SnapshotSteps.Of(kept.TrainingSteps, kept.Snapshots).Count + 1),
        SamplingStage sampling => (long)sampling.Samples * sampling.Steps.Sum() * EvaluationsPerStep(sampling),
        DerivativeErrorStage { Study: var study } => Derivatives(study),
        _ => 0,
    };

    /// <summary>Whether the stage trains a network, which may take hours.</summary>
    public static bool Trains(StageDefinition definition) => definition
        is FeatureStage { Features: InceptionOptions }
        or EncoderStage { Encoder: SelfSupervisedEncoderOptions }
        or DecoderStage { Decoder: RaeDecoderOptions }
        or TeacherStage { Teacher: FlowMatchingOptions }
        or CmtStage { Cmt: TrajectoryCmtOptions }
        or MeanFlowStage { MeanFlow: LambdaMeanFlowOptions };

    // The reference in float64 and its higher derivatives, then two probes at each step.
    private static long Derivatives(DerivativeErrorOptions study) =>
        (study.Samples + study.EarlySamples) * (EvaluationsPerReference + (2L * study.Deltas.Count));

    private static int EvaluationsPerStep(SamplingStage sampling) =>
        (sampling.Solver == "heun" ? 2 : 1) * (sampling.Guidance is null ? 1 : 2);

    private static long Training(TrainingOptions training) => (long)training.Steps * training.BatchSize * EvaluationsPerTrainedSample;
}
