using System.IO.Compression;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>What can be measured with which network and which references.</summary>
public sealed class EvaluationRulesTests : IDisposable
{
    private const string Inception = """{ "kind": "fidInception", "weights": "data/weights/inception.safetensors" }""";
    private const string Dinov2 = """{ "kind": "dinov2", "weights": "data/weights/encoder.safetensors" }""";
    private const string Own = """{ "kind": "pretrained", "weights": "data/weights/inception.safetensors" }""";

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("stepSeconds")]
    [InlineData("peakMemory")]
    public void The_cost_of_a_training_step_may_be_the_primary_metric(string metric) =>
        _work.Valid($$""" "primaryMetric": "{{metric}}" """).PrimaryMetric.Should().Be(metric);

    [Theory]
    [InlineData(Inception, "classAccuracy", """["test"]""", "other classes")]
    [InlineData(Dinov2, "classAccuracy", """["test"]""", "does not predict classes")]
    [InlineData(Dinov2, "inceptionScore", """["test"]""", "does not predict classes")]
    [InlineData(Own, "sfid", """["test"]""", "spatial features")]
    [InlineData(Own, "memorisation", """["test"]""", "training images")]
    [InlineData(Own, "fidFloor", """["test"]""", "training images")]
    [InlineData(Own, "fidFloor", """["train"]""", "unseen images")]
    [InlineData(Own, "memorisation", """["train"]""", "unseen images")]
    public void A_metric_without_its_inputs_is_reported(string features, string kind, string references, string reason)
    {
        var found = _work.Mistake(Evaluation(features, kind, references));

        found.Path.Should().Be("$.evaluation.metrics[1]");
        found.Message.Should().StartWith(kind).And.Contain(reason);
    }

    [Theory]
    [InlineData(Inception, "sfid")]
    [InlineData(Inception, "inceptionScore")]
    [InlineData(Own, "memorisation")]
    [InlineData(Own, "fidFloor")]
    [InlineData(Own, "classFid")]
    [InlineData(Dinov2, "kid")]
    public void A_metric_with_its_inputs_can_be_the_primary_metric(string features, string kind)
    {
        var name = MetricCatalogue.Kind(kind)!.Names(["test", "train"])[0];
        _work.Valid($"\"primaryMetric\": \"{name}@1\", {Evaluation(features, kind, """["test", "train"]""")}")
            .PrimaryMetric.Should().Be(name + "@1");
    }

    [Fact]
    public void Published_statistics_are_a_reference_without_images_of_the_dataset()
    {
        WriteStatistics("adm.npz", "mu", "sigma", "arr_0");
        var plan = _work.Plan(Statistics("""[{ "kind": "fid" }, { "kind": "precisionRecall" }]"""));

        var run = plan.Runs[0].Stages;
        run.Keys.Should().Contain("reference.statistics").And.NotContain("reference.test");
        var stage = plan.Stages.Single(stage => stage.Key == run["reference.statistics"]);
        stage.Definition.Should().Be(new StatisticsStage(new("adm.npz")));
        stage.Inputs.Keys.Should().Equal("features");
        stage.Files!.Keys.Should().Equal("adm.npz");
        plan.Stages.Single(one => one.Key == run["evaluation"]).Inputs.Keys.Should().Contain("reference.statistics");
    }

    [Theory]
    [InlineData("precisionRecall", "precisionRecall needs images of the first reference, but adm.npz has statistics only")]
    [InlineData("kid", "kid needs images of the first reference, but adm.npz has statistics only")]
    [InlineData("fidFloor", "fidFloor needs features of the training images")]
    public void A_metric_of_single_images_needs_images_beside_the_statistics(string kind, string message)
    {
        WriteStatistics("adm.npz", "mu", "sigma");

        var found = _work.Mistake(Statistics($"[{{ \"kind\": \"fid\" }}, {{ \"kind\": \"{kind}\" }}]"));
        found.Path.Should().Be("$.evaluation.metrics[1]");
        found.Message.Should().Be(message);
    }

    [Fact]
    public void Distances_within_classes_need_labels_beside_the_statistics()
    {
        WriteStatistics("adm.npz", "mu", "sigma", "arr_0");

        _work.Mistake(Statistics("""[{ "kind": "fid" }, { "kind": "classFid" }]""")).Message
            .Should().Be("classFid needs labels of images of the first reference, but adm.npz has statistics only");
    }

    [Theory]
    [InlineData(""" "references": ["statistics"] """, "$.evaluation.references", "\"statistics\": { \"path\"")]
    [InlineData(""" "references": ["test"], "statistics": { "path": "adm.npz" } """, "$.evaluation.statistics", "add \"statistics\" to `references`")]
    [InlineData(""" "references": ["statistics"], "statistics": { "path": "adm.npz" }, "ladder": true """, "$.evaluation.ladder", "first in `references`")]
    [InlineData(""" "references": ["statistics"], "statistics": { "path": "missing.npz" } """, "$.evaluation.statistics.path", "put the file there")]
    public void Statistics_that_cannot_be_a_reference_are_reported(string evaluation, string path, string suggestion)
    {
        WriteStatistics("adm.npz", "mu", "sigma");

        var found = _work.Mistake($$"""
            "evaluation": { "metrics": [{ "kind": "fid" }], {{evaluation}} }
            """);
        found.Path.Should().Be(path);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void Without_images_every_network_and_all_statistics_come_from_files()
    {
        WriteStatistics("adm.npz", "mu", "sigma");
        const string arm = """
            "base": {
              "dataset": { "kind": "none", "size": 64, "classes": 10 }, "latents": { "cache": "none" },
              "cmt": { "kind": "none" }, "meanflow": { "kind": "pretrained", "weights": "data/weights/teacher.safetensors" }
            },
            """;
        var plan = _work.Plan(arm + Statistics("""[{ "kind": "fid" }]"""));

        plan.Stages.Single(stage => stage.Kind == "dataset").Files.Should().BeNullOrEmpty();
        _work.Mistake(arm + Statistics("""[{ "kind": "fid" }]""").Replace("\"references\"", "\"reconstruction\": true, \"references\"")).Message
            .Should().Be("`reconstruction` measures images, but the dataset is of kind `none`");
        _work.Mistake(arm.Replace("\"cmt\": { \"kind\": \"none\" },", "") + Statistics("""[{ "kind": "fid" }]""")).Message
            .Should().Be("cmt of kind `trajectory` needs images, but the dataset is of kind `none`");
        _work.Mistake(arm + """ "evaluation": { "metrics": [{ "kind": "fid" }], "references": ["test"] } """).Message
            .Should().Be("the reference test has images, but the dataset is of kind `none`");
    }

    [Fact]
    public void The_second_network_gives_a_separate_distance()
    {
        var plan = _work.Plan($$"""
            "primaryMetric": "fd@1",
            "evaluation": { "features": {{Own}}, "secondFeatures": {{Dinov2}}, "metrics": [{ "kind": "fid" }], "references": ["test"] }
            """);

        plan.Runs[0].Stages.Keys.Should().Contain(["secondFeatures", "secondReference.test"]);
        var evaluation = plan.Stages.Single(stage => stage.Key == plan.Runs[0].Stages["evaluation"]);
        evaluation.Inputs.Keys.Should().Contain(["secondFeatures", "secondReference.test"]);
    }

    [Fact]
    public void A_ladder_is_a_stage_that_all_runs_share()
    {
        var plan = _work.Plan("""
            "seeds": [0, 1],
            "evaluation": { "ladder": true }
            """);

        plan.Runs.Select(run => run.Stages["ladder"]).Distinct().Should().ContainSingle();
    }

    [Theory]
    [InlineData("""{ "kind": "inceptionScore", "splits": 60 }""", "inceptionScore needs at least 60 samples, but there are 50: it splits them into 60 parts")]
    [InlineData("""{ "kind": "inceptionScore", "splits": 60, "form": "torchFidelity" }""", "inceptionScore needs at least 60 samples")]
    [InlineData("""{ "kind": "inceptionScore", "splits": 30 }""", "inceptionScore needs at least 30 test images, but there are 20")]
    [InlineData("""{ "kind": "precisionRecall", "neighbours": 50 }""", "precisionRecall needs at least 51 samples, but there are 50")]
    [InlineData("""{ "kind": "precisionRecall", "densityNeighbours": 20 }""", "precisionRecall needs at least 21 reference images, but there are 20")]
    [InlineData("""{ "kind": "fidInfinity", "sizes": 26 }""", "fidInfinity needs at least 52 samples")]
    [InlineData("""{ "kind": "memorisation" }""", "memorisation needs at least 3 training images, but there are 2")]
    public void A_metric_that_needs_more_images_than_the_options_keep_is_rejected(string metric, string message)
    {
        var found = _work.Read($$"""
            "base": { "dataset": { "testLimit": 20, "trainLimit": 2 }, "sampling": { "samples": 50, "keptLatents": 10 } },
            "evaluation": { "reconstruction": true, "metrics": [{ "kind": "fid" }, {{metric}}] }
            """).Diagnostics;

        found.Should().Contain(one => one.Message.StartsWith(message, StringComparison.Ordinal))
            .And.OnlyContain(one => one.Path == "$.evaluation.metrics[1]" && one.Suggestion != null);
    }

    [Theory]
    [InlineData("""{ "kind": "inceptionScore", "splits": 20 }""")]
    [InlineData("""{ "kind": "inceptionScore", "splits": 60, "form": "adm" }""")]
    [InlineData("""{ "kind": "precisionRecall", "neighbours": 19, "densityNeighbours": 19 }""")]
    [InlineData("""{ "kind": "fidInfinity", "sizes": 25 }""")]
    [InlineData("""{ "kind": "fidFloor" }""")]
    [InlineData("""{ "kind": "kid" }""")]
    public void A_metric_with_enough_images_is_accepted(string metric) => _work.Valid($$"""
        "base": { "dataset": { "testLimit": 20, "trainLimit": 2 }, "sampling": { "samples": 50, "keptLatents": 10 } },
        "evaluation": { "reconstruction": true, "metrics": [{ "kind": "fid" }, {{metric}}] }
        """);

    [Theory]
    [InlineData("""{ "kind": "fidInception", "weights": "data/weights/encoder.safetensors" }""", 4096)]
    [InlineData("""{ "kind": "inception", "training": { "steps": 10 }, "augmentation": {}, "width": 30 }""", 480)]
    [InlineData("""{ "kind": "pretrained", "weights": "data/weights/inception.safetensors" }""", 384)]
    public void Extrapolation_needs_twice_the_dimensions_of_features_as_samples(string features, int least)
    {
        File.Copy(Repository.File("data/weights/inception.safetensors"), Path.Combine(_work.Root, "data/weights/inception.safetensors"), true);
        string Keys(int samples) => $$"""
            "base": { "sampling": { "samples": {{samples}}, "keptLatents": 10 } },
            "evaluation": { "features": {{features}}, "metrics": [{ "kind": "fid" }, { "kind": "fidInfinity" }] }
            """;

        _work.Mistake(Keys(least - 1)).Message.Should()
            .Be($"fidInfinity needs at least {least} samples, but there are {least - 1}: twice the {least / 2} dimensions of a feature");
        _work.Valid(Keys(least));
    }

    [Fact]
    public void Distances_within_classes_need_two_images_of_each_class()
    {
        foreach (string split in (string[])["train", "val"])
        {
            for (int label = 0; label < 30; label++)
            {
                _work.Write($"images/{split}/{label}/0.png", "");
            }
        }

        string Keys(int samples, int limit) => $$"""
            "base": {
              "dataset": { "kind": "imageFolder", "path": "images", "size": 64, "classes": 30, "testLimit": {{limit}} },
              "sampling": { "samples": {{samples}}, "keptLatents": 10 }
            },
            "evaluation": { "metrics": [{ "kind": "fid" }, { "kind": "classFid" }] }
            """;

        _work.Mistake(Keys(59, 0)).Message.Should().Be("classFid needs at least 60 samples, but there are 59: two for each class");
        _work.Mistake(Keys(60, 59)).Message.Should().Be("classFid needs at least 60 reference images, but there are 59: two for each class");
        _work.Valid(Keys(60, 60));
    }

    [Fact]
    public void A_reference_of_one_image_is_rejected()
    {
        var found = _work.Mistake("\"base\": { \"dataset\": { \"trainLimit\": 1 } }");

        found.Path.Should().Be("$.base.dataset.trainLimit");
        found.Message.Should().Contain("which one image does not have");
    }

    [Theory]
    [InlineData("""{ "kind": "kid" }""", 200, "kid.200@1", "kid@1")]
    [InlineData("""{ "kind": "kid" }""", 5000, "kid@1", "kid.5000@1")]
    [InlineData("""{ "kind": "kid", "subsetSize": 100 }""", 5000, "kid.100@1", "kid@1")]
    [InlineData("""{ "kind": "inceptionScore", "form": "adm" }""", 200, "is.adm@1", "is@1")]
    [InlineData("""{ "kind": "inceptionScore" }""", 200, "is@1", "is.torchFidelity@1")]
    [InlineData("""{ "kind": "inceptionScore", "form": "consecutive" }""", 200, "is@1", "is.consecutive@1")]
    public void The_primary_metric_has_the_name_that_its_options_give_it(string metric, int samples, string measured, string other)
    {
        string Keys(string primary) => $$"""
            "primaryMetric": "{{primary}}",
            "base": { "sampling": { "samples": {{samples}}, "keptLatents": 10 } }, "evaluation": { "metrics": [{ "kind": "fid" }, {{metric}}] }
            """;

        _work.Valid(Keys(measured));
        _work.Mistake(Keys(other)).Path.Should().Be("$.primaryMetric");
    }

    private static string Evaluation(string features, string kind, string references) => $$"""
        "evaluation": { "features": {{features}}, "metrics": [{ "kind": "fid" }, { "kind": "{{kind}}" }], "references": {{references}} }
        """;

    private static string Statistics(string metrics) => $$"""
        "evaluation": { "metrics": {{metrics}}, "references": ["statistics"], "statistics": { "path": "adm.npz" } }
        """;

    private void WriteStatistics(string path, params string[] arrays)
    {
        using var archive = ZipFile.Open(Path.Combine(_work.Root, path), ZipArchiveMode.Create);
        foreach (string name in arrays)
        {
            archive.CreateEntry($"{name}.npy");
        }
    }
}
