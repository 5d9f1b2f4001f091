using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Database.Tests.Support;

/// <summary>Small plans: a shared teacher with its evaluation, and a training and an evaluation for each run.</summary>
internal static class Plans
{
    public const string Dataset = "dataset-key";
    public const string Teacher = "teacher-key";
    public const string TeacherEvaluation = "teacher-evaluation-key";

    public static string Training(string arm, long seed) => $"meanflow-{arm}-{seed}-key";

    public static string Evaluation(string arm, long seed) => $"evaluation-{arm}-{seed}-key";

    public static string Run(string arm, long seed) => $"{(arm.Length + 10) * 7919 + seed:x8}{arm.Sum(letter => letter):x}-{seed}";

    public static Plan Of(
        string name = "ablation", string hash = "hash-1", string[]? arms = null, long[]? seeds = null, string question = "Which is better?")
    {
        arms ??= ["b", "a"];
        seeds ??= [0, 1];
        var stages = new List<StageNode>
        {
            Node(Dataset, "dataset", $"dataset of {name}", new DatasetStage(Data), null, []),
            Node(Teacher, "teacher", $"teacher of {name}", new TeacherStage(new PretrainedTeacherOptions("t.safetensors")), null, (
                "dataset", Dataset)),
            Node(TeacherEvaluation, "evaluation", $"teacher's evaluation of {name}", Judge, null, ("samples", Teacher)),
        };
        var runs = new List<PlannedRun>();
        foreach (var (arm, seed) in arms.SelectMany(arm => seeds.Select(seed => (arm, seed))))
        {
            var (training, evaluation) = (Training(arm, seed), Evaluation(arm, seed));
            stages.Add(Node(training, "meanflow", $"meanflow {arm} seed {seed}", new MeanFlowStage(new NoMeanFlowOptions()), seed, (
                "teacher", Teacher)));
            stages.Add(Node(evaluation, "evaluation", $"evaluation {arm} seed {seed}", Judge, null, ("samples", training)));
            runs.Add(new PlannedRun(Run(arm, seed), arm, seed, new Dictionary<string, string>
            {
                ["evaluation"] = evaluation,
                ["meanflow"] = training,
                ["teacherEvaluation"] = TeacherEvaluation,
                ["teacher"] = Teacher,
                ["dataset"] = Dataset,
            }));
        }

        var experiment = new Experiment(
            name, $"experiments/{name}.json", question, "The second.", "fid@1", arms.Select((arm, i) => Arm(arm, i == 0))
                .ToList(), seeds, Evaluated, ["a.b=1"]);
        return new Plan(experiment, stages, runs, hash);
    }

    private static DatasetOptions Data => new IdxDatasetOptions("data/fashion-mnist");

    private static EvaluationStage Judge => new([new FidOptions()], ["test"], 0);

    private static EvaluationOptions Evaluated => new(new PretrainedFeatureOptions("f.safetensors"), [new FidOptions()], ["test"]);

    private static Arm Arm(string name, bool baseline) => new(
        name,
        new LabOptions(
            Data,
            new PretrainedEncoderOptions("e.safetensors"),
            new PretrainedDecoderOptions("d.safetensors"),
            new PretrainedLatentOptions("l.safetensors"),
            new PretrainedTeacherOptions("t.safetensors"),
            new NoCmtOptions(),
            new NoMeanFlowOptions(),
            new SamplingOptions()),
        new Dictionary<string, JsonNode?> { ["meanflow.lambda"] = JsonValue.Create(name), ["meanflow.tangentLambda"] = null },
        baseline);

    private static StageNode Node(string key, string kind, string label, StageDefinition definition, long? seed,
        params (string Name, string Key)[] inputs) =>
        new(key, kind, label, definition, seed, inputs.ToDictionary(input => input.Name, input => input.Key));
}
