using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// What a stage computes, with every option that changes its numbers. Serialised with all defaults spelled out, it is
/// the part of a stage's key that is not its inputs or its seed. Input names are constants of <see cref="StageInput"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "stage")]
[JsonDerivedType(typeof(DatasetStage), "dataset")]
[JsonDerivedType(typeof(FeatureStage), "features")]
[JsonDerivedType(typeof(ReferenceStage), "reference")]
[JsonDerivedType(typeof(LadderStage), "ladder")]
[JsonDerivedType(typeof(EncoderStage), "encoder")]
[JsonDerivedType(typeof(ProbeStage), "probe")]
[JsonDerivedType(typeof(DecoderStage), "decoder")]
[JsonDerivedType(typeof(LatentStage), "latents")]
[JsonDerivedType(typeof(ReconstructionStage), "reconstruction")]
[JsonDerivedType(typeof(TeacherStage), "teacher")]
[JsonDerivedType(typeof(CmtStage), "cmt")]
[JsonDerivedType(typeof(MeanFlowStage), "meanflow")]
[JsonDerivedType(typeof(SnapshotStage), "snapshots")]
[JsonDerivedType(typeof(SamplingStage), "sampling")]
[JsonDerivedType(typeof(EvaluationStage), "evaluation")]
[JsonDerivedType(typeof(OracleEvaluationStage), "oracleEvaluation")]
[JsonDerivedType(typeof(DerivativeErrorStage), "derivativeError")]
public abstract record StageDefinition;

/// <summary>Reads and checks the images and labels, or an oracle's closed forms. No inputs.</summary>
public sealed record DatasetStage(DatasetOptions Dataset) : StageDefinition;

/// <summary>Loads or trains the feature network. Inputs: dataset.</summary>
public sealed record FeatureStage(FeatureOptions Features) : StageDefinition;

/// <summary>Feature mean and covariance of a split of the dataset, features of some of its images, and a sheet of them. Inputs: dataset, features.</summary>
/// <param name="KeptFeatures">Of how many images, at even distances: what metrics compare samples with one by one.</param>
public sealed record ReferenceStage(string Split, int KeptFeatures = 50_000) : StageDefinition;

/// <summary>
/// FID of images of a split that noise and blur spoil step by step, against the split as it is. Inputs: dataset, features, reference.SPLIT.
/// </summary>
public sealed record LadderStage(string Split) : StageDefinition;

/// <summary>Loads or trains the encoder. Inputs: dataset.</summary>
public sealed record EncoderStage(EncoderOptions Encoder) : StageDefinition;

/// <summary>
/// k nearest neighbours and a linear probe on the encoder's tokens, raw pixels and an untrained encoder. Inputs: dataset,
/// encoder.
/// </summary>
public sealed record ProbeStage : StageDefinition;

/// <summary>Loads or trains the RAE decoder. Inputs: dataset, encoder.</summary>
public sealed record DecoderStage(DecoderOptions Decoder) : StageDefinition;

/// <summary>
/// Statistics of the training set's latents, and the normalised latents themselves unless the cache is none. Inputs: dataset, encoder.
/// Where latents are not kept, stages that train on them have dataset and encoder as inputs too.
/// </summary>
public sealed record LatentStage(LatentOptions Latents) : StageDefinition;

/// <summary>Encodes, decodes and measures the test set. Inputs: dataset, encoder, decoder, features, reference.test.</summary>
public sealed record ReconstructionStage(IReadOnlyList<MetricOptions> Metrics, int BootstrapDraws) : StageDefinition;

/// <summary>Loads or trains the teacher. Inputs: latents, or an oracle dataset.</summary>
public sealed record TeacherStage(TeacherOptions Teacher) : StageDefinition;

/// <summary>Consistency mid-training. Inputs: latents or an oracle dataset, teacher.</summary>
public sealed record CmtStage(CmtOptions Cmt) : StageDefinition;

/// <summary>
/// MeanFlow training. Inputs: latents or an oracle dataset, teacher (unless none), cmt (if it starts from it).
/// </summary>
public sealed record MeanFlowStage(MeanFlowOptions MeanFlow) : StageDefinition;

/// <summary>
/// Draws one-step samples of a MeanFlow network as it was on the way and as it ended, all from the same noise and labels, and measures their
/// FID. Inputs: generator (a meanflow stage), decoder, latents; features and reference.SPLIT where there is a reference.
/// </summary>
/// <param name="TrainingSteps">Of the generator.</param>
/// <param name="Snapshots">How many the generator kept, see <see cref="SnapshotSteps"/>.</param>
/// <param name="Samples">Of each.</param>
/// <param name="Seed">Of noise and labels: that of the samples that are evaluated.</param>
/// <param name="Reference">The primary reference, or null: nothing is measured.</param>
public sealed record SnapshotStage(
    int TrainingSteps,
    int Snapshots,
    int Samples,
    int Seed,
    int BatchSize,
    string Labels,
    string? Reference) : StageDefinition;

/// <summary>Draws samples. Inputs: generator (a teacher, cmt or meanflow stage), decoder, latents.</summary>
/// <param name="Steps">Numbers of steps, ascending.</param>
/// <param name="Labels">balanced or random.</param>
/// <param name="Solver">euler or heun; a mean-flow network needs none.</param>
/// <param name="GridEnd">Where the grid ends, before the time shift; that of a mean-flow network ends at 0.</param>
/// <param name="Guidance">Of a teacher, or null.</param>
public sealed record SamplingStage(
    int Samples,
    IReadOnlyList<int> Steps,
    int Seed,
    int BatchSize,
    int KeptLatents,
    string Labels = "balanced",
    string Solver = "euler",
    double GridEnd = 0,
    GuidanceOptions? Guidance = null) : StageDefinition;

/// <summary>
/// Measures samples. Inputs: samples, features, reference.SPLIT for each reference; teacherSamples where a metric compares
/// with the teacher; dataset where it looks for neighbours; secondFeatures and secondReference.SPLIT where there is a second network.
/// </summary>
public sealed record EvaluationStage(
    IReadOnlyList<MetricOptions> Metrics,
    IReadOnlyList<string> References,
    int BootstrapDraws) : StageDefinition;

/// <summary>
/// Measures a mean-flow network against a distribution of which everything is known. Inputs: dataset, generator; teacher unless
/// none.
/// </summary>
/// <param name="MeanFlow">How the network was trained: which fixed point, bias and noise are predicted follows from it.</param>
/// <param name="Samples">Points at which it is measured.</param>
/// <param name="Steps">Numbers of network evaluations, ascending.</param>
public sealed record OracleEvaluationStage(
    OracleMetricOptions Metric,
    MeanFlowOptions MeanFlow,
    int Samples,
    IReadOnlyList<int> Steps,
    int Seed,
    int BatchSize) : StageDefinition;

/// <summary>
/// Compares estimates of du/dt with the derivative in float64. Inputs: latents, generator (a cmt or meanflow stage), teacher
/// (unless none).
/// </summary>
public sealed record DerivativeErrorStage(DerivativeErrorOptions Study) : StageDefinition;
