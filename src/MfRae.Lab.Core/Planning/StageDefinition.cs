using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// The computation of a stage: all options that change its numbers, and the facts about its kind. Its JSON, with all defaults written out, is
/// the part of a stage's key that is neither inputs nor seed. The facts are methods because public properties would enter that JSON.
/// To add a stage, add its record and its discriminator here, its runner in Learning and its place in <see cref="RunPlanner"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "stage")]
[JsonDerivedType(typeof(DatasetStage), "dataset")]
[JsonDerivedType(typeof(FeatureStage), "features")]
[JsonDerivedType(typeof(ReferenceStage), "reference")]
[JsonDerivedType(typeof(StatisticsStage), "statistics")]
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
[JsonDerivedType(typeof(ExternalSamplingStage), "externalSampling")]
[JsonDerivedType(typeof(SheetStage), "sheets")]
[JsonDerivedType(typeof(EndPointStage), "endPoints")]
[JsonDerivedType(typeof(EvaluationStage), "evaluation")]
[JsonDerivedType(typeof(OracleEvaluationStage), "oracleEvaluation")]
[JsonDerivedType(typeof(DerivativeErrorStage), "derivativeError")]
[JsonDerivedType(typeof(LoggedStage), "logged")]
public abstract record StageDefinition
{
    /// <summary>The definition in a record, or null if another version of the program wrote it and this version cannot read it.</summary>
    public static StageDefinition? Of(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, LabJson.Default.StageDefinition);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The start, loading and saving of a worker, in evaluations of a small network: the least that a stage costs.
    private const long Overhead = 2_000;

    // Forward pass, backward pass, optimizer, and further evaluations in a step (teacher, probes): eight were measured for CMT.
    private const long EvaluationsPerTrainedSample = 8;

    /// <summary>The options of the network or data that the stage makes; null if it makes neither.</summary>
    private protected virtual object? Component => null;

    /// <summary>Evaluations of one sample in a solver step of a teacher; with guidance, with and without the label.</summary>
    private protected static int TeacherEvaluations(string solver, GuidanceOptions? guidance) =>
        (solver == "heun" ? 2 : 1) * (guidance is null ? 1 : 2);

    /// <summary>The work beyond <see cref="Overhead"/>, in network evaluations of one sample.</summary>
    private protected virtual long Evaluations =>
        Component is ITrained { Training: var training } ? (long)training.Steps * training.BatchSize * EvaluationsPerTrainedSample : 0;

    /// <summary>
    /// The revision of the code behind the stage. Raise it when a change to that code changes the numbers that the stage makes: its key and
    /// the keys of all stages downstream change.
    /// </summary>
    public virtual int Revision() => 1;

    /// <summary>The paths of the files that the options name, relative to the working directory. Their contents are part of the key.</summary>
    public virtual IEnumerable<string> Files() => Component is IReadsFiles named ? named.Files() : [];

    /// <summary>
    /// The kinds of files of an input that the stage reads, one of <see cref="StageInput"/>. An input that has dropped such a file is computed
    /// again before the stage runs.
    /// </summary>
    public virtual StoredFileKinds Reads(string input) => StoredFileKinds.All & ~StoredFileKinds.Snapshots;

    /// <summary>Whether the stage trains a network, which may take hours.</summary>
    public bool Trains() => Component is ITrained;

    /// <summary>
    /// Whether several processes can compute the stage together: a training whose loss is a mean over samples, so that its gradient is the sum of
    /// the gradients of micro-batches, or a stage that computes samples or features in batches that do not depend on each other.
    /// </summary>
    public virtual bool TakesRanks() => Trains();

    /// <summary>A rough estimate of the work, in network evaluations of one sample; used to start long chains of stages first.</summary>
    public long Work() => Overhead + Evaluations;
}

/// <summary>Reads and checks the images and labels, or an oracle's closed forms. No inputs.</summary>
public sealed record DatasetStage(DatasetOptions Dataset) : StageDefinition
{
    private protected override object Component => Dataset;
}

/// <summary>Loads or trains the feature network. Inputs: dataset.</summary>
public sealed record FeatureStage(FeatureOptions Features) : StageDefinition
{
    private protected override object Component => Features;

    /// <inheritdoc/>
    public override bool TakesRanks() => false;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 2 : 1;
}

/// <summary>
/// Computes the feature mean and covariance of a dataset split, the features of some of its images, and a sheet of images. Inputs: dataset,
/// features.
/// </summary>
/// <param name="KeptFeatures">Number of evenly spaced images whose features are kept for metrics that compare single images.</param>
public sealed record ReferenceStage(string Split, int KeptFeatures = 50_000) : StageDefinition
{
    /// <inheritdoc/>
    public override bool TakesRanks() => true;

    /// <inheritdoc/>
    public override int Revision() => 3;
}

/// <summary>
/// Imports reference statistics from a file, and computes the features of the images in it, if there are any. Inputs: features.
/// </summary>
/// <param name="KeptFeatures">As in <see cref="ReferenceStage"/>.</param>
public sealed record StatisticsStage(ReferenceStatisticsOptions Statistics, int KeptFeatures = 50_000) : StageDefinition
{
    private protected override object Component => Statistics;
}

/// <summary>
/// Computes the FID of images of a split under increasing noise and blur, against the unchanged split. Inputs: dataset, features,
/// reference.SPLIT.
/// </summary>
public sealed record LadderStage(string Split) : StageDefinition;

/// <summary>Loads or trains the encoder. Inputs: dataset, if it is trained or takes images of any shape.</summary>
public sealed record EncoderStage(EncoderOptions Encoder) : StageDefinition
{
    private protected override object Component => Encoder;

    /// <inheritdoc/>
    public override bool TakesRanks() => Encoder is VariationalEncoderOptions;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 2 : 1;
}

/// <summary>
/// Evaluates k nearest neighbours and a linear probe on the encoder's tokens, on raw pixels and on an untrained encoder's tokens. Inputs:
/// dataset, encoder.
/// </summary>
public sealed record ProbeStage : StageDefinition
{
    /// <inheritdoc/>
    public override int Revision() => 2;
}

/// <summary>Loads or trains the RAE decoder. Inputs: dataset, encoder.</summary>
public sealed record DecoderStage(DecoderOptions Decoder) : StageDefinition
{
    private protected override object Component => Decoder;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 3 : 1;
}

/// <summary>
/// Computes the statistics of the training set's latents, and the normalised latents themselves unless the cache is none. Inputs: dataset,
/// encoder. If latents are not kept, stages that train on them have dataset and encoder as inputs too.
/// </summary>
public sealed record LatentStage(LatentOptions Latents) : StageDefinition
{
    private protected override object Component => Latents;
}

/// <summary>
/// Encodes, decodes and measures the test set. Inputs: dataset, encoder, decoder, features, reference.test; reference.train if a metric
/// compares with training images.
/// </summary>
public sealed record ReconstructionStage(IReadOnlyList<MetricOptions> Metrics, int BootstrapDraws) : StageDefinition
{
    /// <inheritdoc/>
    public override int Revision() => 3;
}

/// <summary>Loads or trains the teacher. Inputs: latents, or an oracle dataset.</summary>
public sealed record TeacherStage(TeacherOptions Teacher) : StageDefinition
{
    private protected override object Component => Teacher;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 2 : 1;
}

/// <summary>Consistency mid-training, or its network from a file. Inputs: latents or an oracle dataset; teacher for training.</summary>
public sealed record CmtStage(CmtOptions Cmt) : StageDefinition
{
    private protected override object Component => Cmt;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 2 : 1;
}

/// <summary>
/// MeanFlow training, or its network from a file. Inputs: latents or an oracle dataset; for training, teacher (unless none) and cmt (if it
/// starts from it); decoder, features and reference.SPLIT for an evaluation during training.
/// </summary>
public sealed record MeanFlowStage(MeanFlowOptions MeanFlow) : StageDefinition
{
    private protected override object Component => MeanFlow;

    /// <inheritdoc/>
    public override int Revision() => Trains() ? 3 : 1;
}

/// <summary>
/// Draws one-step samples from the intermediate and final weights of a MeanFlow network, all from the same noise and labels, and measures
/// their FID. Inputs: generator (a meanflow stage), decoder, latents; features and reference.SPLIT if there is a reference.
/// </summary>
/// <param name="TrainingSteps">Training steps of the generator.</param>
/// <param name="Snapshots">Number of intermediate weights that the generator kept, see <see cref="SnapshotSteps"/>.</param>
/// <param name="Samples">Number of samples for each set of weights.</param>
/// <param name="Seed">As in <see cref="SamplingStage"/>: the samples start from the first noise of the evaluated samples.</param>
/// <param name="Reference">The primary reference, or null: nothing is measured.</param>
/// <param name="Bytes">As in <see cref="SamplingStage"/>.</param>
/// <param name="NoiseFile">As in <see cref="SamplingStage"/>.</param>
public sealed record SnapshotStage(
    int TrainingSteps,
    int Snapshots,
    int Samples,
    int? Seed,
    int BatchSize,
    string Labels,
    string? Reference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Bytes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NoiseFile = null) : StageDefinition
{
    /// <inheritdoc/>
    public override bool TakesRanks() => true;

    private protected override long Evaluations => (long)Samples * (SnapshotSteps.Of(TrainingSteps, Snapshots).Count + 1);

    /// <inheritdoc/>
    public override StoredFileKinds Reads(string input) => input switch
    {
        StageInput.Generator => StoredFileKinds.Weights | StoredFileKinds.Snapshots,
        // Of the latents, only their statistics.
        StageInput.Latents => StoredFileKinds.None,
        _ => base.Reads(input),
    };

    /// <inheritdoc/>
    public override IEnumerable<string> Files() => NoiseFile is null ? [] : [NoiseFile];

    /// <inheritdoc/>
    public override int Revision() => 2;
}

/// <summary>Draws samples. Inputs: generator (a teacher, cmt or meanflow stage), decoder, latents.</summary>
/// <param name="Steps">Numbers of steps, ascending.</param>
/// <param name="Seed">The seed of noise and labels, the same for all runs; null: the seed of the stage, which is that of the run.</param>
/// <param name="Labels">balanced, random or permuted; file if the labels are those of <paramref name="NoiseFile"/>.</param>
/// <param name="Solver">euler or heun; a mean-flow network needs none.</param>
/// <param name="GridEnd">The last time of the grid, before the time shift; 0 for a mean-flow network.</param>
/// <param name="Guidance">Guidance of a teacher, or null.</param>
/// <param name="NoiseSet">The number of the set of samples, from 1. Each set has separate noise and labels.</param>
/// <param name="Grid">The times of a mean-flow network, or null: shifted.</param>
/// <param name="Bytes">truncate, or null: pixels are rounded.</param>
/// <param name="NoiseFile">The file with noise and labels, or null: they are drawn.</param>
public sealed record SamplingStage(
    int Samples,
    IReadOnlyList<int> Steps,
    int? Seed,
    int BatchSize,
    int KeptLatents,
    string Labels = "balanced",
    string Solver = "euler",
    double GridEnd = 0,
    GuidanceOptions? Guidance = null,
    int NoiseSet = 1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SamplingGridOptions? Grid = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Bytes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NoiseFile = null) : StageDefinition
{
    /// <inheritdoc/>
    public override bool TakesRanks() => true;

    /// <summary>The value of <see cref="Labels"/> for labels from a file.</summary>
    public const string LabelsOfFile = "file";

    private protected override long Evaluations => (long)Samples * Steps.Sum() * TeacherEvaluations(Solver, Guidance);

    /// <inheritdoc/>
    public override StoredFileKinds Reads(string input) => input == StageInput.Latents ? StoredFileKinds.None : base.Reads(input);

    /// <inheritdoc/>
    public override IEnumerable<string> Files() => NoiseFile is null ? [] : [NoiseFile];

    /// <inheritdoc/>
    public override int Revision() => DrawingRevision;

    /// <summary>The revision of the rules by which noise, labels and bytes of samples are made.</summary>
    internal const int DrawingRevision = 3;
}

/// <summary>
/// Takes the samples of another program, or starts the program. Inputs: dataset; encoder if a program is started, because the noise for it has
/// the shape of the latents.
/// </summary>
/// <param name="External">The program or the files, with the seed of the run in the path of files.</param>
/// <param name="Steps">The declared numbers of network evaluations, ascending.</param>
/// <param name="Seed">As in <see cref="SamplingStage"/>. The stage always has the seed of the run, by which the program may train.</param>
/// <param name="Labels">As in <see cref="SamplingStage"/>.</param>
/// <param name="NoiseFile">As in <see cref="SamplingStage"/>.</param>
public sealed record ExternalSamplingStage(
    ExternalSamplesOptions External,
    int Samples,
    IReadOnlyList<int> Steps,
    int? Seed,
    int BatchSize,
    string Labels = "balanced",
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NoiseFile = null) : StageDefinition
{
    /// <summary>The kind of the stage.</summary>
    public const string Kind = "externalSampling";

    /// <inheritdoc/>
    public override IEnumerable<string> Files() => External.Files(Steps).Concat(NoiseFile is null ? [] : [NoiseFile]).Distinct();

    // The program gets noise and labels of the same rules as the lab's samplers, so its values are comparable with theirs.
    /// <inheritdoc/>
    public override int Revision() => SamplingStage.DrawingRevision;
}

/// <summary>Shows samples of chosen classes. Inputs: samples.</summary>
public sealed record SheetStage(IReadOnlyList<ClassSheetOptions> Sheets) : StageDefinition;

/// <summary>
/// Computes the latents at the end of the teacher's ODE, from the first noise and labels of a <see cref="SamplingStage"/> with the same
/// seed, set and batch size. Inputs: generator (a teacher stage).
/// </summary>
/// <param name="Samples">Number of latents.</param>
/// <param name="Steps">Number of solver steps.</param>
/// <param name="LabelCount">The number of samples that permuted labels are drawn for; null for other labels.</param>
/// <param name="NoiseFile">As in <see cref="SamplingStage"/>.</param>
public sealed record EndPointStage(
    int Samples,
    int Steps,
    int? Seed,
    int BatchSize,
    string Labels,
    string Solver,
    double GridEnd,
    GuidanceOptions? Guidance,
    int NoiseSet,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? LabelCount = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NoiseFile = null) : StageDefinition
{
    /// <inheritdoc/>
    public override bool TakesRanks() => true;

    private protected override long Evaluations => (long)Samples * Steps * TeacherEvaluations(Solver, Guidance);

    /// <inheritdoc/>
    public override IEnumerable<string> Files() => NoiseFile is null ? [] : [NoiseFile];
}

/// <summary>
/// Measures samples. Inputs: samples, features, reference.SPLIT for each reference; endPoints if a metric compares with the teacher;
/// dataset if a metric looks for neighbours; secondFeatures and secondReference.SPLIT if there is a second network.
/// </summary>
public sealed record EvaluationStage(
    IReadOnlyList<MetricOptions> Metrics,
    IReadOnlyList<string> References,
    int BootstrapDraws) : StageDefinition
{
    /// <inheritdoc/>
    public override bool TakesRanks() => true;

    /// <inheritdoc/>
    public override int Revision() => 3;
}

/// <summary>Measures a mean-flow network against a distribution with known closed forms. Inputs: dataset, generator; teacher unless none.</summary>
/// <param name="MeanFlow">How the network was trained: the predicted fixed point, bias and noise follow from it.</param>
/// <param name="Samples">Number of points at which it is measured.</param>
/// <param name="Steps">Numbers of network evaluations, ascending.</param>
/// <param name="Seed">The seed of the points, the same for all runs; null: the seed of the stage, which is that of the run.</param>
/// <param name="NoiseSet">The number of the set of points, from 1.</param>
public sealed record OracleEvaluationStage(
    OracleMetricOptions Metric,
    MeanFlowOptions MeanFlow,
    int Samples,
    IReadOnlyList<int> Steps,
    int? Seed,
    int BatchSize,
    int NoiseSet = 1) : StageDefinition
{
    // An adaptive solver for flows, and a gradient at each of some hundred points: as long as some hundred training steps.
    private protected override long Evaluations => 500_000;

    /// <inheritdoc/>
    public override int Revision() => 3;
}

/// <summary>
/// Compares estimates of du/dt with the derivative in float64. Inputs: latents, generator (a cmt or meanflow stage), teacher
/// (unless none).
/// </summary>
public sealed record DerivativeErrorStage(DerivativeErrorOptions Study) : StageDefinition
{
    private const long EvaluationsPerReference = 20;

    /// <inheritdoc/>
    public override int Revision() => 2;

    // The float64 reference and its higher derivatives, then two probes for each δ.
    private protected override long Evaluations =>
        (Study.Samples + Study.EarlySamples) * (EvaluationsPerReference + (2L * Study.Deltas.Count));
}

/// <summary>
/// A run of another program that logged itself (docs/external.md). It is imported and never computed. No inputs. In its run it plays the
/// roles of sampling, for its curves and images, and of evaluation, for its values.
/// </summary>
/// <param name="Id">The identity that the program gave the run.</param>
/// <param name="Config">The options of the run, any JSON object.</param>
public sealed record LoggedStage(string Id, JsonElement Config) : StageDefinition
{
    /// <summary>The kind of the stage.</summary>
    public const string Kind = "logged";
}

/// <summary>The names of a stage's inputs.</summary>
public static class StageInput
{
    /// <summary>The images, or an oracle.</summary>
    public const string Dataset = "dataset";

    /// <summary>The feature network.</summary>
    public const string Features = "features";

    /// <summary>The second feature network.</summary>
    public const string SecondFeatures = "secondFeatures";

    /// <summary>The encoder.</summary>
    public const string Encoder = "encoder";

    /// <summary>The decoder.</summary>
    public const string Decoder = "decoder";

    /// <summary>The latents and their statistics.</summary>
    public const string Latents = "latents";

    /// <summary>The teacher.</summary>
    public const string Teacher = "teacher";

    /// <summary>The CMT network.</summary>
    public const string Cmt = "cmt";

    /// <summary>The network that is sampled or measured.</summary>
    public const string Generator = "generator";

    /// <summary>The samples that are measured.</summary>
    public const string Samples = "samples";

    /// <summary>The ends of the teacher's ODE from the same noise.</summary>
    public const string EndPoints = "endPoints";

    /// <summary>The statistics of a dataset split.</summary>
    public static string Reference(string split) => "reference." + split;

    /// <summary>The statistics of a dataset split in the features of the second network.</summary>
    public static string SecondReference(string split) => "secondReference." + split;
}

/// <summary>The training steps after which weights are kept. Each interval doubles, because a network changes most at first.</summary>
public static class SnapshotSteps
{
    /// <summary>
    /// 0 and steps / 2^(n-1), …, steps / 4, steps / 2 for n snapshots, ascending and without repetition. The last step is excluded: its
    /// weights are the network itself.
    /// </summary>
    public static IReadOnlyList<int> Of(int steps, int snapshots) =>
        snapshots == 0 ? [] : [.. Enumerable.Range(1, snapshots - 1).Reverse().Select(halvings => steps >> halvings).Prepend(0).Distinct()];
}
