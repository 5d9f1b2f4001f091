using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Stages;
using TorchSharp;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Every stage once, in the order of a plan, with networks and data of the smallest size that still is one.</summary>
public sealed class TinyLab : IDisposable
{
    private static readonly TrainingOptions Training = new(Steps: 3, BatchSize: 8, LearningRate: 1e-3, Ema: 0);
    internal static readonly DitOptions Dit = new(
        TrunkWidth: 16, TrunkDepth: 1, TrunkHeads: 2, HeadWidth: 16, HeadDepth: 1, HeadHeads: 2, MlpRatio: 2);

    private static readonly MetricOptions[] Metrics =
    [
        new FidOptions(), new InceptionScoreOptions(), new KidOptions(), new PrecisionRecallOptions(), new ClassFidOptions(),
        new FidFloorOptions(), new MemorisationOptions(), new ClassAccuracyOptions(), new EndpointErrorOptions(),
    ];

    private static readonly SelfSupervisedEncoderOptions Encoder = new(new VitOptions(24, 1, 2), new AugmentationOptions(), Training);
    private static readonly RaeDecoderOptions Decoder = new(new DecoderNetworkOptions(16, 1, 2, Channels: 2), Training);
    private static readonly FlowMatchingOptions Teacher = new(Dit, new UniformTimeOptions(), Training);
    private static readonly TrajectoryCmtOptions Cmt = new(Training, TrajectoryPoints: 4, PairsPerTrajectory: 2);

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, TestStage> _stages = [];

    public TinyLab()
    {
        // On a busy machine, more threads than free cores wait for each other much longer than these networks take.
        WorkerNumerics.Prepare("cpu", threads: 1);
        TinyDataset.Write(At("idx"));
        Run("dataset", new DatasetStage(new IdxDatasetOptions(At("idx"))));
        Run("features", new FeatureStage(new InceptionOptions(Training, new AugmentationOptions(), Width: 4)), "dataset");
        Run("reference.test", new ReferenceStage("test"), "dataset", "features");
        Run("reference.train", new ReferenceStage("train"), "dataset", "features");
        Run("secondReference.test", new ReferenceStage("test", KeptFeatures: 7), "dataset", "features");
        Run("ladder", new LadderStage("test"), "dataset", "features", "reference.test");
        Run("encoder", new EncoderStage(Encoder), "dataset");
        Run("probe", new ProbeStage(), "dataset", "encoder");
        Run("decoder", new DecoderStage(Decoder), "dataset", "encoder");
        Run("reconstruction", new ReconstructionStage([new FidOptions(), new MemorisationOptions()], 10),
            "dataset", "encoder", "decoder", "features", "reference.test", "reference.train");
        Run("latents", new LatentStage(new PerElementLatentOptions()), "dataset", "encoder");
        Run("teacher", new TeacherStage(Teacher), "latents");
        Run("cmt", new CmtStage(Cmt), "latents", "teacher");
        Sample("teacherSamples", "teacher", Sampling);
        Run("endPoints", EndPoints, [("generator", "teacher")]);
        foreach (var lambda in new[] { 0, 1 })
        {
            Run($"meanflow{lambda}", new MeanFlowStage(MeanFlow(lambda) with { Snapshots = 2 * lambda }), "latents", "teacher", "cmt");
            Sample($"samples{lambda}", $"meanflow{lambda}", Sampling);
            Run($"evaluation{lambda}", new EvaluationStage(Metrics, ["test", "train"], 10),
            [
                ("samples", $"samples{lambda}"), ("features", "features"), ("reference.test", "reference.test"),
                ("reference.train", "reference.train"), ("endPoints", "endPoints"), ("dataset", "dataset"),
                ("secondFeatures", "features"), ("secondReference.test", "secondReference.test"),
            ]);
        }

        Run("watched", new MeanFlowStage(MeanFlow(1) with { Watch = new(Every: 2, Samples: 30) }),
            "latents", "teacher", "cmt", "decoder", "features", "reference.test");
        Run("snapshots1", new SnapshotStage(
            Training.Steps, 2, Sampling.Samples, Sampling.Seed, Sampling.BatchSize, Sampling.Labels, "test"),
        [
            ("generator", "meanflow1"), ("decoder", "decoder"), ("latents", "latents"), ("features", "features"),
            ("reference.test", "reference.test"),
        ]);
    }

    /// <summary>Two batches, the second of another size than the first.</summary>
    public static SamplingStage Sampling { get; } = new(Samples: 40, Steps: [1, 2], Seed: 7, BatchSize: 25, KeptLatents: 10);

    /// <summary>The ends of the teacher's ODE from the noise of the first samples.</summary>
    public static EndPointStage EndPoints { get; } =
        new(Sampling.KeptLatents, 2, Sampling.Seed, Sampling.BatchSize, Sampling.Labels, "euler", 0, null, 1);

    /// <summary>The options of the run with λ = 1, as in an experiment file.</summary>
    public LabOptions Options(SamplingOptions sampling) => new(
        new IdxDatasetOptions(At("idx")), Encoder, Decoder, new PerElementLatentOptions(), Teacher, Cmt, MeanFlow(1), sampling);

    /// <summary>How many more tensors lived after each stage than before it.</summary>
    public Dictionary<string, long> LeftTensors { get; } = [];

    /// <summary>Whether a stage compares with references, which keep their factored covariance and radii for the next set of samples.</summary>
    public static bool KeepsReferences(string stage) =>
        stage.Contains("evaluation") || stage.Contains("reconstruction") || stage.Contains("snapshots") || stage.Contains("watched");

    public string At(string path) => _folder.File(path);

    public void Sample(string name, string generator, SamplingStage stage) =>
        Run(name, stage, [("generator", generator), ("decoder", "decoder"), ("latents", "latents")]);

    /// <summary>Runs a stage in a folder of its name, with inputs that are called as the stages they are from.</summary>
    public void Run(string name, StageDefinition definition, params string[] inputs) =>
        Run(name, definition, inputs.Select(input => (input, input)).ToArray());

    /// <summary>Runs a stage whose inputs have other names than the stages they are from.</summary>
    public void Run(string name, StageDefinition definition, (string Name, string Stage)[] inputs)
    {
        var stage = new TestStage(At(name), seed: 3, inputs.Select(input => (input.Name, At(input.Stage))).ToArray());
        _stages[name] = stage;
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        StageFactory.Create(definition).Run(stage.Context(definition));
        LeftTensors[name] = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
    }

    internal TestStage Stage(string name) => _stages[name];

    public void Dispose() => _folder.Dispose();

    internal static LambdaMeanFlowOptions MeanFlow(double lambda) =>
        new(lambda, Dit, new UniformTimeOptions(), new CentralDifferenceOptions(), new AdaptiveLossWeightOptions(), Training);
}
