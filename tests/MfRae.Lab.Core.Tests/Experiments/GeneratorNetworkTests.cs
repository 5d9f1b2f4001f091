using System.Text.Json;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>The kinds of networks of generators: a DiT^DH without `kind`, and a plain DiT.</summary>
public sealed class GeneratorNetworkTests : IDisposable
{
    private readonly Workspace _work = new();

    public GeneratorNetworkTests()
    {
        _work.Write("base/fashion-mnist.json", File.ReadAllText(Repository.File("experiments/base/fashion-mnist.json")));
        _work.WriteIdx("data/fashion-mnist", 28, 28, classes: 10);
        _work.WriteWeights("data/weights/encoder.safetensors", new()
        {
            ["type"] = "vit-encoder",
            ["network"] = """{"width":96,"depth":5,"heads":4,"mlpRatio":4}""",
        });
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_DiT_DH_is_written_without_kind_so_that_keys_stay_the_same()
    {
        string written = JsonSerializer.Serialize(new DitOptions(), LabJson.Default.GeneratorNetworkOptions);
        written.Should().Be("""{"trunkWidth":96,"trunkDepth":4,"trunkHeads":4,"headWidth":128,"headDepth":2,"headHeads":4,"mlpRatio":4}""");
        JsonSerializer.Deserialize(written, LabJson.Default.GeneratorNetworkOptions).Should().Be(new DitOptions());
        JsonSerializer.Deserialize("""{"headDepth":1,"kind":"ditDH"}""", LabJson.Default.GeneratorNetworkOptions).Should().Be(new DitOptions(HeadDepth: 1));
    }

    [Fact]
    public void A_plain_DiT_is_written_with_its_kind()
    {
        string written = JsonSerializer.Serialize(new PlainDitOptions(), LabJson.Default.GeneratorNetworkOptions);
        written.Should().Be("""{"kind":"dit","patch":2,"width":96,"depth":4,"heads":4,"mlpRatio":4}""");
        JsonSerializer.Deserialize(written, LabJson.Default.GeneratorNetworkOptions).Should().Be(new PlainDitOptions());
    }

    [Theory]
    [InlineData("""{"kind":"dit","trunkWidth":96}""")]
    [InlineData("""{"width":96}""")]
    [InlineData("""{"kind":"other"}""")]
    [InlineData("""{"kind":null}""")]
    [InlineData("[]")]
    public void Another_object_is_no_network(string json) =>
        FluentActions.Invoking(() => JsonSerializer.Deserialize(json, LabJson.Default.GeneratorNetworkOptions)).Should().Throw<JsonException>();

    [Fact]
    public void An_arm_may_replace_the_kind()
    {
        var read = Read("""
            "teacher": { "kind": "flowMatching", "network": { "kind": "dit", "patch": 2, "width": 48 }, "time": { "kind": "uniform" }, "training": { "steps": 10 } },
            "meanflow": { "initialisation": "teacher", "network": { "kind": "dit", "patch": 2, "width": 48 } }
            """);

        read.Diagnostics.Should().BeEmpty();
        var options = read.Experiment!.Arms.Single(arm => arm.Name == "plain").Options;
        ((FlowMatchingOptions)options.Teacher).Network.Should().Be(new PlainDitOptions(2, 48));
        ((LambdaMeanFlowOptions)options.MeanFlow).Network.Should().Be(new PlainDitOptions(2, 48));
    }

    [Theory]
    [InlineData("""{ "kind": "dit", "trunkWidth": 48 }""", "unknown option `trunkWidth` of kind `dit`")]
    [InlineData("""{ "kind": "diy" }""", "unknown kind `diy`")]
    [InlineData("""{ "kind": 3 }""", "expected a string")]
    [InlineData("""{ "kind": "dit", "width": 50, "heads": 4 }""", "not a multiple")]
    [InlineData("""{ "kind": "dit", "patch": 3 }""", "cannot be divided into patches of 3×3")]
    public void A_network_that_cannot_work_is_reported(string network, string message)
    {
        var read = Read($$"""
            "teacher": { "kind": "flowMatching", "network": {{network}}, "time": { "kind": "uniform" }, "training": { "steps": 10 } },
            "meanflow": { "initialisation": "teacher", "network": {{network}} }
            """);

        read.Diagnostics.Should().Contain(error => error.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_student_needs_the_kind_of_its_teacher()
    {
        var read = Read("""
            "teacher": { "kind": "flowMatching", "network": { "kind": "dit" }, "time": { "kind": "uniform" }, "training": { "steps": 10 } },
            "meanflow": { "initialisation": "teacher" }
            """);

        read.Diagnostics.Should().ContainSingle().Which.Message.Should().Contain("which are of kind dit");
    }

    [Fact]
    public void A_student_needs_the_kind_of_the_network_in_the_file_of_its_teacher()
    {
        _work.WriteWeights("data/weights/teacher.safetensors", new()
        {
            ["type"] = "dit-velocity",
            ["shape"] = "96x4x4",
            ["classes"] = "10",
            ["network"] = """{"trunkWidth":96,"trunkDepth":4,"trunkHeads":4,"headWidth":128,"headDepth":1,"headHeads":4,"mlpRatio":4}""",
        });

        var read = Read("""
            "meanflow": { "initialisation": "teacher", "network": { "kind": "dit" } }
            """);

        read.Diagnostics.Should().ContainSingle(error => error.Message.Contains("weights of the teacher", StringComparison.Ordinal))
            .Which.Message.Should().Be("`network` is of kind dit, but the network starts from the weights of the teacher, which are of kind ditDH");
    }

    private ReadResult Read(string arm)
    {
        _work.Write("x.json", $$"""
            {
              "version": 1, "question": "?", "expectation": "!", "extends": "base/fashion-mnist.json",
              "arms": { "base": { "cmt": { "kind": "none" }, "meanflow": { "initialisation": "teacher" } },
                        "plain": { "cmt": { "kind": "none" }, {{arm}} } },
              "baseline": "base"
            }
            """);
        return ExperimentReader.Read("x.json", [], _work.Root);
    }
}
