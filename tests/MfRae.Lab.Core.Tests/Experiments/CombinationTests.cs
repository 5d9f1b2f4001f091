using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class CombinationTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("""{ "cmt": { "kind": "none" } }""", "$.base.cmt.kind", "`initialisation` to teacher or random")]
    [InlineData("""{ "decoder": { "kind": "none" } }""", "$.base.decoder.kind", "choose a decoder")]
    [InlineData("""{ "meanflow": { "network": { "trunkHeads": 5 } } }""", "$.base.meanflow.network.trunkHeads", "trunkWidth 80 or 100")]
    [InlineData("""{ "meanflow": { "network": { "headWidth": 72, "headHeads": 12 } } }""", "$.base.meanflow.network.headWidth",
        "headWidth 48 or 96")]
    [InlineData(
        """{ "encoder": { "kind": "selfSupervised", "network": { "heads": 7 }, "augmentation": {}, "training": { "steps": 1 } } }""",
            "$.base.encoder.network.heads", "width 91 or 98")]
    [InlineData("""{ "sampling": { "samples": 500 } }""", "$.base.sampling.samples", "at most 500")]
    [InlineData("""{ "sampling": { "steps": [1, 2, 2] } }""", "$.base.sampling.steps", "write [1, 2]")]
    [InlineData("""{ "sampling": { "teacherSteps": [] } }""", "$.base.sampling.teacherSteps", "at least one")]
    [InlineData("""{ "sampling": { "keptLatents": 0 } }""", "$.base.sampling.keptLatents", "set `keptLatents`")]
    [InlineData("""{ "cmt": { "pairsPerTrajectory": 65 } }""", "$.base.cmt.pairsPerTrajectory", "at most 64")]
    [InlineData("""{ "cmt": { "labels": "uniformly" } }""", "$.base.cmt.labels", "did you mean `uniform`?")]
    [InlineData("""{ "cmt": { "guidance": { "scale": 2, "low": 0.7, "high": 0.3 } } }""", "$.base.cmt.guidance.low", "below `high`")]
    [InlineData("""{ "sampling": { "guidance": { "low": 0.2 } } }""", "$.base.sampling.guidance.scale", "a number from 0 to 100")]
    [InlineData("""{ "sampling": { "teacherSolver": "heunn" } }""", "$.base.sampling.teacherSolver", "did you mean `heun`?")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[1, 0.5]] } } }""", "$.base.sampling.grid.times[0]", "[1, 0.5, 0]")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[0.9, 0.5, 0]] } } }""", "$.base.sampling.grid.times[0]", "[1, 0.5, 0]")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[1, 0.5, 0.5, 0]] }, "steps": [1, 3] } }""",
        "$.base.sampling.grid.times[0]", "[1, 0.5, 0]")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[1, 0.5, 0]] }, "steps": [1, 2, 3] } }""",
        "$.base.sampling.grid.times", "one array of times for each number of steps above 1")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[1, 0.5, 0], [1, 0.8, 0.35, 0]] }, "steps": [1, 2] } }""",
        "$.base.sampling.grid.times[1]", "add 3 to `steps`")]
    [InlineData("""{ "sampling": { "grid": { "kind": "times", "times": [[1, 0.5, 0], [1, 0.4, 0]] }, "steps": [1, 2] } }""",
        "$.base.sampling.grid.times[1]", "remove one")]
    [InlineData("""{ "sampling": { "grid": { "kind": "straight" } } }""", "$.base.sampling.grid.kind", "uniform")]
    [InlineData("""{ "sampling": { "bytes": "floor" } }""", "$.base.sampling.bytes", "`truncate`")]
    [InlineData("""{ "sampling": { "noise": "file" } }""", "$.base.sampling.noise", "write `noiseFile`")]
    [InlineData("""{ "sampling": { "noise": "file", "noiseFile": "missing.safetensors" } }""", "$.base.sampling.noiseFile", "the verb `noise` writes")]
    [InlineData("""{ "meanflow": { "time": { "kind": "logitNormal", "low": 0.9, "high": 0.9 } } }""", "$.base.meanflow.time.low",
        "below `high`")]
    [InlineData("""{ "meanflow": { "watch": { "every": 500 } } }""", "$.base.meanflow.watch.every", "at most 400")]
    [InlineData("""{ "meanflow": { "training": { "scheduleEnd": 0.1 } } }""", "$.base.meanflow.training.scheduleEnd",
        "set `schedule` to cosine or linear or wsd")]
    [InlineData("""{ "meanflow": { "training": { "schedule": "step" } } }""", "$.base.meanflow.training.schedule", "write \"dropSteps\": [")]
    [InlineData("""{ "meanflow": { "training": { "schedule": "step", "dropSteps": [200, 100] } } }""", "$.base.meanflow.training.dropSteps",
        "write [100, 200]")]
    [InlineData("""{ "meanflow": { "training": { "schedule": "step", "dropSteps": [400] } } }""", "$.base.meanflow.training.dropSteps", "below 400")]
    [InlineData("""{ "meanflow": { "training": { "schedule": "wsd", "warmupSteps": 50, "decaySteps": 360 } } }""",
        "$.base.meanflow.training.decaySteps", "at most 350")]
    [InlineData("""{ "meanflow": { "training": { "schedule": "wsd", "dropFactor": 0.5 } } }""", "$.base.meanflow.training.dropFactor", "to null")]
    [InlineData("""{ "meanflow": { "time": { "shift": 0.5 } } }""", "$.base.meanflow.time.shift", "a number from 1 to 1000 or \"auto\"")]
    [InlineData("""{ "meanflow": { "time": { "shift": "automatic" } } }""", "$.base.meanflow.time.shift", "or \"auto\"")]
    [InlineData("""{ "meanflow": { "time": { "kind": "logitNormal", "reweight": "uniform" } } }""", "$.base.meanflow.time.reweight", "shift")]
    [InlineData("""
        {
          "teacher": {
            "kind": "flowMatching", "network": {}, "time": { "kind": "uniform", "reweight": "uniform" }, "training": { "steps": 3000 }
          }
        }
        """, "$.base.teacher.time.reweight", "`reweight` to none")]
    [InlineData("""{ "meanflow": { "lambdaSchedule": { "kind": "linear", "end": 0, "steps": 401 } } }""",
        "$.base.meanflow.lambdaSchedule.steps", "at most 400")]
    [InlineData("""{ "meanflow": { "lambdaSchedule": { "kind": "switch", "end": 0, "step": 400 } } }""",
        "$.base.meanflow.lambdaSchedule.step", "at most 399")]
    [InlineData("""{ "meanflow": { "lambdaSchedule": { "kind": "cosine" } } }""", "$.base.meanflow.lambdaSchedule.end", "from 0 to 1")]
    [InlineData("""{ "meanflow": { "tangentLambdaSchedule": { "kind": "cosine", "end": 0 } } }""",
        "$.base.meanflow.tangentLambdaSchedule", "set `tangentLambda`")]
    [InlineData("""{ "meanflow": { "derivative": { "kind": "centralDifference", "batching": "concatenated" }, "training": { "steps": 400, "precision": "bf16" } } }""",
        "$.base.meanflow.derivative.batching", "set `batching` to separate")]
    public void Incompatible_options_are_reported_at_their_location(string change, string path, string suggestion)
    {
        var found = _work.Mistake($"\"base\": {change}");

        found.File.Should().Be("x.json");
        found.Path.Should().Be(path);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Theory]
    [InlineData("fidInception", "classAccuracy", "other classes")]
    [InlineData("torchScript", "classAccuracy", "other classes")]
    [InlineData("dinov2", "classAccuracy", "does not predict classes")]
    [InlineData("dinov2", "inceptionScore", "does not predict classes")]
    public void ImageNet_features_do_not_predict_classes_of_the_dataset(string features, string metric, string message)
    {
        var found = _work.Mistake($$"""
            "evaluation": {
              "features": { "kind": "{{features}}", "weights": "data/weights/inception.safetensors" },
              "metrics": [{ "kind": "fid" }, { "kind": "{{metric}}" }]
            }
            """);
        found.Path.Should().Be("$.evaluation.metrics[1]");
        found.Message.Should().Contain(message);
    }

    [Fact]
    public void A_TorchScript_network_takes_one_value_for_each_colour()
    {
        var found = _work.Mistake("""
            "evaluation": {
              "features": { "kind": "torchScript", "weights": "data/weights/inception.safetensors", "mean": [0.5], "deviation": [1, 1, 1] },
              "metrics": [{ "kind": "fid" }, { "kind": "inceptionScore" }]
            }
            """);
        found.Path.Should().Be("$.evaluation.features.mean");
        found.Message.Should().Contain("1 values, but images have 3 colours");
    }

    [Fact]
    public void Options_that_need_a_missing_teacher_are_all_reported()
    {
        var found = _work.Read("""
            "base": {
              "teacher": { "kind": "none" }, "cmt": { "kind": "none" },
              "meanflow": { "lambda": 0.5, "tangentLambda": 1, "initialisation": "teacher" }
            }
            """).Diagnostics;

        found.Select(one => one.Message.Split(' ')[0])
            .Should().BeEquivalentTo("`lambda`", "`tangentLambda`", "`initialisation`", "endpointError");
    }

    [Fact]
    public void Schedules_and_guidance_that_need_a_missing_teacher_are_reported()
    {
        var found = _work.Read("""
            "base": {
              "teacher": { "kind": "none" }, "cmt": { "kind": "none" },
              "meanflow": {
                "lambda": 0, "lambdaSchedule": { "kind": "linear", "end": 0.5 },
                "tangentLambda": 0, "tangentLambdaSchedule": { "kind": "switch", "end": 1, "step": 7 },
                "guidance": { "scale": 2 }, "mixedGuidance": "both", "initialisation": "random"
              },
              "sampling": { "guidance": { "scale": 1.5 } }
            },
            "evaluation": { "metrics": [{ "kind": "fid" }] }
            """).Diagnostics;

        found.Select(one => one.Path).Should().BeEquivalentTo(
            "$.base.meanflow.lambdaSchedule.end", "$.base.meanflow.tangentLambdaSchedule.end", "$.base.meanflow.guidance",
            "$.base.sampling.guidance");
    }

    [Fact]
    public void Valid_schedules_and_guidance_are_accepted()
    {
        var experiment = _work.Valid("""
            "base": {
              "cmt": { "guidance": { "scale": 2 } },
              "meanflow": {
                "lambdaSchedule": { "kind": "cosine", "end": 0, "steps": 400 }, "tangentLambda": 1,
                "tangentLambdaSchedule": { "kind": "switch", "end": 0, "step": 399 }, "guidance": { "scale": 2, "low": 0.2, "high": 0.8 },
                "mixedGuidance": "both"
              },
              "sampling": { "guidance": { "scale": 2 }, "labels": "random" }
            }
            """);

        var meanFlow = (LambdaMeanFlowOptions)experiment.Arms[0].Options.MeanFlow;
        meanFlow.LambdaSchedule.Should().Be(new CosineLambdaOptions(0, 400));
        meanFlow.TangentLambdaSchedule.Should().Be(new SwitchLambdaOptions(0, 399));
        meanFlow.Guidance.Should().Be(new GuidanceOptions(2, 0.2, 0.8));
    }

    [Fact]
    public void An_arm_removes_guidance_and_schedule_with_null()
    {
        var experiment = _work.Valid("""
            "base": {
              "meanflow": { "guidance": { "scale": 2 }, "mixedGuidance": "teacher", "lambdaSchedule": { "kind": "linear", "end": 0 } }
            },
            "arms": { "guided": {}, "plain": { "meanflow": { "guidance": null, "mixedGuidance": null, "lambdaSchedule": null } } }, "baseline": "plain"
            """);

        var plain = (LambdaMeanFlowOptions)experiment.Arms.Single(arm => arm.Name == "plain").Options.MeanFlow;
        (plain.Guidance, plain.LambdaSchedule).Should().Be((null, null));
    }

    [Fact]
    public void Mid_training_without_a_teacher_is_reported_where_the_teacher_was_removed() =>
        _work.Mistake("""
            "base": { "teacher": { "kind": "none" }, "meanflow": { "lambda": 0 } }, "evaluation": { "metrics": [{ "kind": "fid" }] }
            """).Should().Match<Diagnostic>(found => found.Path == "$.base.teacher.kind" && found.Suggestion!.Contains("cmt of kind none"));

    [Fact]
    public void A_mean_flow_from_scratch_needs_no_teacher() =>
        _work.Valid("""
            "base": {
              "teacher": { "kind": "none" }, "cmt": { "kind": "none" },
              "meanflow": { "lambda": 0, "initialisation": "random" }
            },
            "evaluation": { "metrics": [{ "kind": "fid" }] }
            """).Arms.Should().ContainSingle();

    [Fact]
    public void A_network_that_starts_from_the_teacher_must_have_its_sizes()
    {
        const string teacher = """
            "teacher": { "kind": "flowMatching", "network": { "trunkDepth": 6 }, "time": { "kind": "uniform" }, "training": { "steps": 1 } }
            """;

        _work.Mistake($$""" "base": { {{teacher}}, "meanflow": { "network": { "trunkDepth": 4 } } } """).Suggestion
            .Should().StartWith("write 6");
        _work.Valid($$""" "base": { {{teacher}}, "meanflow": { "network": { "trunkDepth": 6 } } } """);
        _work.Valid($$""" "base": { {{teacher}}, "cmt": { "kind": "none" }, "meanflow": { "initialisation": "random" } } """);
    }

    [Theory]
    [InlineData("fid@1")]
    [InlineData("fid@2")]
    [InlineData("fid.train@1")]
    [InlineData("is@1")]
    [InlineData("accuracy@2")]
    [InlineData("endpointError@1")]
    public void The_primary_metric_can_be_any_measured_metric(string metric) =>
        _work.Valid($"\"primaryMetric\": \"{metric}\"").PrimaryMetric.Should().Be(metric);

    [Theory]
    [InlineData("fid@3")]
    [InlineData("fid")]
    [InlineData("fid.test@1")]
    [InlineData("inceptionScore@1")]
    public void An_unmeasured_primary_metric_is_rejected(string metric) =>
        _work.Mistake($"\"primaryMetric\": \"{metric}\"").Path.Should().Be("$.primaryMetric");

    [Fact]
    public void The_steps_of_the_teacher_count_if_only_the_teacher_is_sampled()
    {
        const string teacherOnly = """ "base": { "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } } """;

        _work.Valid(teacherOnly + ", \"primaryMetric\": \"fid@50\"");
        _work.Mistake(teacherOnly + ", \"primaryMetric\": \"endpointError@50\"").Path.Should().Be("$.primaryMetric");
        _work.Mistake(teacherOnly + ", \"primaryMetric\": \"fid@2\"").Path.Should().Be("$.primaryMetric");
    }

    [Fact]
    public void Heun_takes_two_evaluations_a_step_and_metrics_are_named_by_evaluations()
    {
        const string heun = """
            "base": {
              "cmt": { "kind": "none" }, "meanflow": { "kind": "none" }, "sampling": { "teacherSolver": "heun", "teacherSteps": [4, 25] }
            }
            """;

        _work.Valid(heun + ", \"primaryMetric\": \"fid@50\"");
        _work.Mistake(heun + ", \"primaryMetric\": \"fid@25\"").Path.Should().Be("$.primaryMetric");
    }

    [Fact]
    public void An_experiment_that_samples_nothing_needs_no_primary_metric() =>
        _work.Valid("""
            "base": { "decoder": { "kind": "none" }, "teacher": { "kind": "none" }, "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } }
            """).Arms.Should().ContainSingle();

    [Theory]
    [InlineData("""{ "references": [] }""", "$.evaluation.references", "at least one")]
    [InlineData("""{ "references": ["test", "test"] }""", "$.evaluation.references[1]", "remove one")]
    [InlineData("""{ "metrics": [{ "kind": "fid" }, { "kind": "fid" }] }""", "$.evaluation.metrics[1]", "remove one")]
    public void Arrays_of_the_evaluation_must_not_be_empty_or_have_duplicates(string evaluation, string path, string suggestion) =>
        _work.Mistake($"\"evaluation\": {evaluation}")
            .Should().Match<Diagnostic>(found => found.Path == path && found.Suggestion!.Contains(suggestion));

    [Fact]
    public void Missing_weights_are_reported_with_the_nearest_file_name()
    {
        var found = _work.Mistake(""" "base": { "teacher": { "weights": "data/weights/techer.safetensors" } } """);

        found.Path.Should().Be("$.base.teacher.weights");
        found.Suggestion.Should().Be("did you mean `data/weights/teacher.safetensors`?");
    }

    [Fact]
    public void Missing_files_of_a_dataset_folder_are_listed()
    {
        _work.Write("data/half/train-images-idx3-ubyte.gz", "");

        _work.Mistake(""" "base": { "dataset": { "path": "data/half" } } """).Message
            .Should().Contain("does not contain train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz");
        _work.Mistake(""" "base": { "dataset": { "path": "data/none" } } """).Message.Should().Contain("folder data/none not found");
    }
}
