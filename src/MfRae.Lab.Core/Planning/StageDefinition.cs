using System.Globalization;
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

/// <summary>
/// The revision of the code behind each kind of stage. Raise it when a change to that code changes the numbers a stage
/// makes: its key changes, and with it the keys of everything downstream.
/// </summary>
public static class StageRevisions
{
    public static int Of(string kind) => kind switch
    {
        "dataset" => 1,
        "features" => 1,
        "reference" => 3,
        "ladder" => 1,
        "encoder" => 1,
        "probe" => 1,
        "decoder" => 1,
        "latents" => 1,
        "reconstruction" => 2,
        "teacher" => 1,
        "cmt" => 1,
        "meanflow" => 2,
        "snapshots" => 1,
        "sampling" => 2,
        "evaluation" => 2,
        "oracleEvaluation" => 1,
        "derivativeError" => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of stage"),
    };
}

/// <summary>
/// Names stages for people: the role, then the arm only where arms differ in that role, and the seed only where seeds do.
/// </summary>
internal static class StageLabels
{
    private const int MostArmsNamed = 3;

    /// <returns>Stage key → label.</returns>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<PlannedRun> runs)
    {
        var labels = new Dictionary<string, string>();
        foreach (string role in runs.SelectMany(run => run.Stages.Keys).Distinct())
        {
            var users = runs.Where(run => run.Stages.ContainsKey(role)).ToList();
            bool byArm = users.GroupBy(run => run.Seed).Any(group => Keys(group, role) > 1);
            bool bySeed = users.GroupBy(run => run.Arm).Any(group => Keys(group, role) > 1);
            foreach (var stage in users.GroupBy(run => run.Stages[role]))
            {
                var arms = stage.Select(run => run.Arm).Distinct().ToList();
                var seeds = stage.Select(run => run.Seed.ToString(CultureInfo.InvariantCulture)).Distinct().ToList();
                string arm = byArm ? " " + Join(arms) : "";
                string seed = bySeed ? " seed " + string.Join(',', seeds) : "";
                labels.TryAdd(stage.Key, Role(role) + arm + seed);
            }
        }

        return labels;
    }

    private static int Keys(IEnumerable<PlannedRun> runs, string role) => runs.Select(run => run.Stages[role]).Distinct().Count();

    private static string Join(List<string> arms) => arms.Count <= MostArmsNamed
        ? string.Join(", ", arms)
        : $"{string.Join(", ", arms.Take(MostArmsNamed - 1))} and {arms.Count - MostArmsNamed + 1} more";

    private static string Role(string role) => role switch
    {
        "teacherSampling" => "teacher sampling",
        "teacherEvaluation" => "teacher evaluation",
        "derivativeError" => "derivative error",
        _ => role.Replace("reference.", "reference ", StringComparison.Ordinal),
    };
}

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
        TeacherStage { Teacher: IGeneratorTraining teacher } => Training(teacher.Training),
        CmtStage { Cmt: IGeneratorTraining cmt } => Training(cmt.Training),
        MeanFlowStage { MeanFlow: IGeneratorTraining meanFlow } => Training(meanFlow.Training),
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
        or TeacherStage { Teacher: IGeneratorTraining }
        or CmtStage { Cmt: IGeneratorTraining }
        or MeanFlowStage { MeanFlow: IGeneratorTraining };

    // The reference in float64 and its higher derivatives, then two probes at each step.
    private static long Derivatives(DerivativeErrorOptions study) =>
        (study.Samples + study.EarlySamples) * (EvaluationsPerReference + (2L * study.Deltas.Count));

    private static int EvaluationsPerStep(SamplingStage sampling) =>
        (sampling.Solver == "heun" ? 2 : 1) * (sampling.Guidance is null ? 1 : 2);

    private static long Training(TrainingOptions training) => (long)training.Steps * training.BatchSize * EvaluationsPerTrainedSample;
}

/// <summary>
/// After how many steps of training weights are kept: halves of halves, because a network changes most at first.
/// </summary>
public static class SnapshotSteps
{
    /// <summary>
    /// 0 and steps / 2^(n-1), …, steps / 4, steps / 2 for n snapshots, ascending and without repetition; the end is not among them, that
    /// is the network itself.
    /// </summary>
    public static IReadOnlyList<int> Of(int steps, int snapshots) =>
        snapshots == 0 ? [] : [.. Enumerable.Range(1, snapshots - 1).Reverse().Select(halvings => steps >> halvings).Prepend(0).Distinct()];
}
