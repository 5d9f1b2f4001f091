using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Options that need an oracle dataset, and options that need images.</summary>
public sealed class OracleRulesTests : IDisposable
{
    private const string Base = """
        {
          "version": 1, "question": "q", "expectation": "e", "primaryMetric": "deviation@1",
          "base": {
            "dataset": { "kind": "oracle", "distribution": { "kind": "ring" } },
            "encoder": { "kind": "none" }, "decoder": { "kind": "none" }, "latents": { "kind": "none" },
            "teacher": { "kind": "oracle", "bias": { "kind": "none" } },
            "cmt": { "kind": "none" },
            "meanflow": {
              "kind": "lambda", "lambda": 1, "network": {}, "time": { "kind": "uniform" }, "derivative": { "kind": "jvp" },
              "lossWeight": { "kind": "plain" }, "training": { "steps": 10 }, "initialisation": "random"
            },
            "sampling": {}
          },
          "evaluation": { "features": { "kind": "none" }, "metrics": [{ "kind": "oracle" }], "references": [] }
        }
        """;

    private readonly Workspace _work = new();

    public OracleRulesTests() => _work.Write("base.json", Base);

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("deviation@1")]
    [InlineData("deviation.median@2")]
    [InlineData("fixedPoint@1")]
    [InlineData("deviation.interval")]
    [InlineData("gradient.variance")]
    public void An_oracle_has_its_own_primary_metrics(string metric) =>
        _work.Valid($"\"primaryMetric\": \"{metric}\"").PrimaryMetric.Should().Be(metric);

    [Theory]
    [InlineData(""" "grid": { "kind": "uniform" } """, "$.base.sampling.grid")]
    [InlineData(""" "noise": "file", "noiseFile": "base.json" """, "$.base.sampling.noise")]
    public void An_oracle_has_neither_another_grid_nor_noise_of_a_file(string sampling, string path) =>
        _work.Mistake($$""" "primaryMetric": "deviation@1", "base": { "sampling": { {{sampling}} } } """).Path.Should().Be(path);

    [Theory]
    [InlineData("fid@1")]
    [InlineData("deviation")]
    [InlineData("deviation@3")]
    [InlineData("split.noise")]
    public void Other_metrics_are_not_measured(string metric) =>
        _work.Mistake($"\"primaryMetric\": \"{metric}\"").Path.Should().Be("$.primaryMetric");

    [Fact]
    public void An_oracle_is_planned_without_images_and_feature_networks()
    {
        var plan = _work.Plan("");

        plan.Stages.Select(stage => stage.Kind).Should().Equal("dataset", "teacher", "meanflow", "oracleEvaluation");
        plan.Runs.Single().Stages.Keys.Should().Equal("dataset", "teacher", "meanflow", "evaluation");
        plan.Stages[2].Inputs.Keys.Should().BeEquivalentTo("dataset", "teacher");
        plan.Stages[3].Inputs.Keys.Should().BeEquivalentTo("dataset", "generator", "teacher");
    }

    [Fact]
    public void Seeds_and_lambdas_share_the_oracle_and_its_teacher()
    {
        var plan = _work.Plan("""
            "axes": { "meanflow.lambda": [0, 1] }, "baseline": { "meanflow.lambda": 0 }, "seeds": [0, 1]
            """);

        plan.Stages.GroupBy(stage => stage.Kind).Select(kind => (kind.Key, kind.Count()))
            .Should().Equal(("dataset", 1), ("teacher", 1), ("meanflow", 4), ("oracleEvaluation", 4));
    }

    [Fact]
    public void A_teacher_may_be_trained_on_an_oracle_and_mid_training_starts_from_it()
    {
        var plan = _work.Plan("""
            "base": {
              "teacher": { "kind": "flowMatching", "network": {}, "time": { "kind": "uniform" }, "training": { "steps": 1 } },
              "cmt": { "kind": "trajectory", "training": { "steps": 1 } }, "meanflow": { "initialisation": "cmt" }
            }
            """);

        plan.Stages.Select(stage => stage.Kind).Should().Equal("dataset", "teacher", "cmt", "meanflow", "oracleEvaluation");
        plan.Stages[2].Inputs.Keys.Should().BeEquivalentTo("dataset", "teacher");
    }

    [Theory]
    [InlineData("""{ "encoder": { "kind": "pretrained", "weights": "data/weights/encoder.safetensors" } }""", "$.base.encoder.kind",
        "encoder of kind none")]
    [InlineData("""{ "latents": { "kind": "perElement" } }""", "$.base.latents.kind", "latents of kind none")]
    [InlineData("""{ "cmt": { "kind": "trajectory", "training": { "steps": 1 } } }""", "$.base.cmt.kind", "flowMatching")]
    [InlineData("""{ "meanflow": { "initialisation": "teacher" } }""", "$.base.meanflow.initialisation", "`initialisation` to random")]
    [InlineData("""{ "teacher": { "bias": { "kind": "constant", "vector": [1] } } }""", "$.base.teacher.bias.vector", "write 2 numbers")]
    [InlineData("""{ "meanflow": { "kind": "none" } }""", "$.base.meanflow.kind", "kind lambda")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "gaussian", "mean": [0, 0], "covariance": [[1, 0]] } } }""",
        "$.base.dataset.distribution.covariance", "array of rows")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "gaussian", "mean": [0, 0], "covariance": [[1, 2], [2, 1]] } } }""",
        "$.base.dataset.distribution.covariance", "[[1, 0], [0, 1]]")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "gaussian", "mean": [0, 0], "covariance": [[1, 0.5], [0, 1]] } } }""",
        "$.base.dataset.distribution.covariance", "[[1, 0], [0, 1]]")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "gaussian", "mean": [], "covariance": [] } } }""",
        "$.base.dataset.distribution.mean", "one number for each dimension")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "mixture1d", "weights": [1, 1], "means": [0, 1], "deviations": [1] } } }""",
        "$.base.dataset.distribution.deviations", "one of each")]
    [InlineData("""{ "dataset": { "distribution": { "kind": "mixture1d", "weights": [], "means": [], "deviations": [] } } }""",
        "$.base.dataset.distribution.weights", "one number for each component")]
    [InlineData("""
        { "dataset": { "distribution": { "kind": "diagonalModes", "dimension": 64 } }, "teacher": { "bias": { "kind": "scaled", "share": 0.1 } } }
        """, "$.base.teacher.bias.kind", "bias of kind none")]
    public void Options_that_an_oracle_excludes_are_reported_at_their_location(string change, string path, string suggestion)
    {
        var found = _work.Mistake($"\"base\": {change}");

        found.Path.Should().Be(path);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void All_metrics_of_images_are_reported_for_an_oracle()
    {
        var found = _work.Read("""
            "evaluation": {
              "features": { "kind": "pretrained", "weights": "data/weights/inception.safetensors" },
              "metrics": [{ "kind": "oracle" }, { "kind": "fid" }], "references": ["test"], "reconstruction": true, "probes": true
            }
            """).Diagnostics;

        found.Select(one => one.Path).Should().BeEquivalentTo(
            "$.evaluation.features", "$.evaluation.metrics[1]", "$.evaluation.reconstruction", "$.evaluation.probes");
    }

    [Fact]
    public void Without_features_there_is_no_reference() =>
        _work.Mistake(""" "evaluation": { "references": ["test"] } """).Path.Should().Be("$.evaluation.references");

    [Theory]
    [InlineData("\"base\": { \"encoder\": { \"kind\": \"none\" } }", "$.base.encoder.kind")]
    [InlineData("\"base\": { \"latents\": { \"kind\": \"none\" } }", "$.base.latents.kind")]
    [InlineData("\"base\": { \"teacher\": { \"kind\": \"oracle\", \"bias\": { \"kind\": \"none\" } } }", "$.base.teacher.kind")]
    [InlineData("\"evaluation\": { \"features\": { \"kind\": \"none\" }, \"references\": [] }", "$.evaluation.features")]
    [InlineData("\"evaluation\": { \"metrics\": [{ \"kind\": \"fid\" }, { \"kind\": \"oracle\" }] }", "$.evaluation.metrics[1]")]
    public void Options_only_for_an_oracle_are_rejected_with_images(string change, string path)
    {
        using var images = new Workspace();

        images.Mistake(change).Path.Should().Be(path);
    }
}
