using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class ShippedExperimentsTests : IDisposable
{
    private readonly Workspace _work = new();

    public ShippedExperimentsTests()
    {
        foreach (string file in Directory.GetFiles(Repository.File("experiments"), "*.json", SearchOption.AllDirectories))
        {
            _work.Write(Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file));
        }
    }

    // Options that are no part of a key unless they are set: the serialised options leave them out.
    private static readonly string[] UnlessSet =
    [
        "meanflow.tangent.", "meanflow.selfGuidance.", "meanflow.mixedGuidance.", "meanflow.watch.", "sampling.external.",
        .. from stage in (string[])["cmt", "meanflow"]
           from option in (string[])["scheduleEnd", "decaySteps", "dropSteps", "dropFactor"]
           select $"{stage}.training.{option}.",
    ];

    public void Dispose() => _work.Dispose();

    [Fact]
    public void The_first_experiment_can_end_in_a_verdict()
    {
        var experiment = Read("experiments/ablation-lambda.json");

        experiment.Arms.Select(arm => (arm.Options.MeanFlow as LambdaMeanFlowOptions)?.Lambda).Should().Equal(0, 1, null);
        experiment.Arms.Single(arm => arm.Baseline).Name.Should().Be("lambda=0");
        experiment.SmallestRelevantEffect.Should().Be(0.03);
        // Six seeds are the fewest whose smallest p, 2 of 64 sign flips, is below .05. Pilots and earlier experiments used seeds 0 to 7.
        experiment.Seeds.Should().HaveCountGreaterThanOrEqualTo(6).And.OnlyContain(seed => seed > 7);
    }

    [Fact]
    public void Every_named_file_has_a_documented_source()
    {
        Directory.Delete(Path.Combine(_work.Root, "data"), recursive: true);

        string[] files = [.. Directory.GetFiles(Path.Combine(_work.Root, "experiments"), "*.json", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) != "base" && Path.GetFileName(file) != "experiment.schema.json")];
        var found = files.SelectMany(file => ExperimentReader.Read(file, [], _work.Root).Diagnostics).ToList();

        found.Should().OnlyContain(one => one.Absent != null, "nothing else is wrong with them");
        found.Select(one => one.Suggestion).Should().OnlyContain(text =>
            text!.Contains("git checkout", StringComparison.Ordinal) || text.Contains("hf download", StringComparison.Ordinal) || text.Contains("https://", StringComparison.Ordinal));
        found.Select(one => one.Absent).Should().Contain("data/imagenet").And.Contain("data/weights/teacher.safetensors");
    }

    [Fact]
    public void The_smoke_test_is_small()
    {
        var experiment = Read("experiments/smoke.json");

        experiment.Arms.Should().HaveCount(2);
        experiment.Seeds.Should().ContainSingle();
        experiment.Arms.Should().OnlyContain(arm => arm.Options.Sampling.Samples <= 200);
    }

    [Fact]
    public void The_smoke_test_of_the_family_has_every_kind_of_target()
    {
        var options = Read("experiments/smoke-family.json").Arms.Select(arm => arm.Options.MeanFlow).OfType<IMeanFlowTraining>().ToList();

        options.Select(one => one.GetType()).Distinct().Should().BeEquivalentTo(
            [typeof(LambdaMeanFlowOptions), typeof(AlphaFlowOptions), typeof(SplitMeanFlowOptions), typeof(ShortcutOptions)]);
        options.Should().OnlyContain(one => one.Training.Steps <= 6 && one.Training.BatchSize <= 16);
    }

    [Fact]
    public void The_family_shares_loss_weight_times_and_schedule()
    {
        var experiment = Read("experiments/family.json");

        experiment.Seeds.Should().Equal(30, 31, 32, 33, 34, 35);
        experiment.SmallestRelevantEffect.Should().Be(0.03);
        var options = experiment.Arms.Select(arm => (IMeanFlowTraining)arm.Options.MeanFlow).ToList();
        options.Should().HaveCount(7);
        foreach (var one in options)
        {
            one.LossWeight.Should().Be(options[0].LossWeight);
            one.Time.Should().Be(options[0].Time);
            one.Network.Should().Be(options[0].Network);
            (one.EqualFraction, one.LabelDropout).Should().Be((options[0].EqualFraction, options[0].LabelDropout));
            (one.Training with { Steps = 1, WarmupSteps = 0 }).Should().Be(options[0].Training with { Steps = 1, WarmupSteps = 0 });
        }
    }

    [Fact]
    public void The_base_spells_out_every_option()
    {
        var file = JsonNode.Parse(
            File.ReadAllText(Repository.File("experiments/base/fashion-mnist.json")),
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!;
        var experiment = Read("experiments/ablation-lambda.json");

        var options = JsonSerializer.SerializeToNode(experiment.Arms[0].Options, LabJson.Default.LabOptions);
        var evaluation = JsonSerializer.SerializeToNode(experiment.Evaluation, LabJson.Default.EvaluationOptions);
        // The kind of a DiT^DH is the default, which records leave out.
        Paths(file["base"]).Where(path => !path.EndsWith("network.kind.", StringComparison.Ordinal) || path.StartsWith("decoder", StringComparison.Ordinal))
            .Should().BeEquivalentTo(Paths(options).Concat(UnlessSet));
        Paths(file["evaluation"]).Should().BeEquivalentTo(Paths(evaluation));
    }

    private Experiment Read(string path)
    {
        var result = ExperimentReader.Read(path, [], _work.Root);
        result.Diagnostics.Should().BeEmpty();
        return result.Experiment!;
    }

    private static IEnumerable<string> Paths(JsonNode? node) => node is JsonObject properties
        ? properties.SelectMany(property => Paths(property.Value).Select(inner => $"{property.Key}.{inner}"))
        : [""];
}
