using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

/// <summary>The stages and keys of arms whose samples are those of another program.</summary>
public sealed class ExternalSamplingPlanTests : IDisposable
{
    private readonly Workspace _work = new();

    public ExternalSamplingPlanTests() => _work.Write("generator.py", "1");

    public void Dispose() => _work.Dispose();

    [Fact]
    public void The_arm_shares_dataset_encoder_and_evaluation_and_trains_nothing()
    {
        var plan = _work.Plan(Arms());
        var (own, other) = (plan.Runs[0], plan.Runs.First(run => run.Arm == "other"));

        other.Stages.Keys.Should().NotContain(["teacher", "cmt", "meanflow", "latents", "endPoints"]).And.Contain(["sampling", "evaluation"]);
        foreach (string shared in (string[])["dataset", "features", "reference.test", "encoder", "decoder"])
        {
            other.Stages[shared].Should().Be(own.Stages[shared]);
        }

        Definition(plan, other, "evaluation").Should().BeOfType<EvaluationStage>().Which.Metrics.Should().HaveCount(3, "there is no teacher to compare with");
        Node(plan, other, "sampling").Inputs.Keys.Should().BeEquivalentTo("dataset", "encoder");
    }

    [Fact]
    public void The_key_depends_on_command_inputs_and_seed()
    {
        var plan = _work.Plan(Arms());
        var keys = plan.Runs.Where(run => run.Arm == "other").Select(run => run.Stages["sampling"]).ToList();
        keys.Should().HaveCount(2).And.OnlyHaveUniqueItems();

        _work.Plan(Arms(word: "fast")).Runs[2].Stages["sampling"].Should().NotBe(keys[0]);
        _work.Write("generator.py", "2");
        _work.Plan(Arms()).Runs[2].Stages["sampling"].Should().NotBe(keys[0]);
        _work.Write("generator.py", "1");
        _work.Plan(Arms()).Runs[2].Stages["sampling"].Should().Be(keys[0]);
    }

    [Fact]
    public void Its_values_have_the_identity_of_those_of_the_arms_beside_it()
    {
        var plan = _work.Plan(Arms());
        var lineage = new Lineage(key => plan.Stages.FirstOrDefault(stage => stage.Key == key) is { } node ? StageFacts.Of(node, ["cpu"]) : null);
        var value = Measurement.OfSamples("fid", 1, 10_000, 1, 1, "balanced");

        var identities = plan.Runs.Select(run => lineage.Complete(value, StageFacts.Of(Node(plan, run, "evaluation"), ["cpu"]))).ToList();

        MeasurementIdentity.Difference(identities).Should().BeNull();
        identities[0].Noise.Should().Be("run");
    }

    [Fact]
    public void The_path_of_files_contains_the_seed_of_the_run()
    {
        foreach (int seed in (int[])[0, 1])
        {
            _work.Write($"s/{seed}/1.safetensors", $"{seed}");
        }

        var plan = _work.Plan(Arms("""{ "kind": "files", "path": "s/{seed}/{steps}.safetensors" }"""));
        var samplings = plan.Runs.Where(run => run.Arm == "other").Select(run => Node(plan, run, "sampling")).ToList();

        samplings.Select(node => node.Files!.Keys.Single()).Should().Equal("s/0/1.safetensors", "s/1/1.safetensors");
        samplings.Should().OnlyContain(node => node.Inputs.Count == 1);
    }

    private static string Arms(string? external = null, string word = "dotnet") => $$"""
        "base": { "sampling": { "steps": [1] } },
        "arms": {
          "own": {},
          "other": {
            "teacher": { "kind": "none" }, "cmt": { "kind": "none" }, "meanflow": { "kind": "none" },
            "sampling": { "external": {{external ?? $$"""{ "kind": "command", "command": ["dotnet", "{{word}}"], "inputs": ["generator.py"] }"""}} }
          }
        },
        "baseline": "own", "seeds": "0-1"
        """;

    private static StageNode Node(Plan plan, PlannedRun run, string role) => plan.Stages.Single(stage => stage.Key == run.Stages[role]);

    private static StageDefinition Definition(Plan plan, PlannedRun run, string role) => Node(plan, run, role).Definition;
}
