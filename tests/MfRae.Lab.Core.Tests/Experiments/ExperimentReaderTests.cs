using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class ExperimentReaderTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Without_arms_base_is_the_only_arm_and_the_baseline()
    {
        var experiment = _work.Valid(""" "seeds": [3, 1] """);

        experiment.Name.Should().Be("x");
        experiment.Path.Should().Be("x.json");
        experiment.PrimaryMetric.Should().Be("fid@1");
        experiment.Seeds.Should().Equal(3, 1);
        experiment.Arms.Should().ContainSingle().Which
            .Should().Match<Arm>(arm => arm.Name == "base" && arm.Baseline && arm.Differences.Count == 0);
    }

    [Fact]
    public void The_title_of_the_report_is_read()
    {
        _work.Valid(""" "report": { "title": "Teacher and target" } """).Title.Should().Be("Teacher and target");
        _work.Valid("").Title.Should().BeNull();
    }

    [Fact]
    public void Defaults_are_filled_in_and_steps_spelled_out()
    {
        var options = _work.Valid("").Arms[0].Options;

        var meanFlow = options.MeanFlow.Should().BeOfType<LambdaMeanFlowOptions>().Subject;
        meanFlow.EqualFraction.Should().Be(0.75);
        meanFlow.Network.Should().Be(new DitOptions());
        meanFlow.Derivative.Should().Be(new CentralDifferenceOptions());
        options.Sampling.Should().BeEquivalentTo(new SamplingOptions(Steps: [1, 2], TeacherSteps: [1, 50]));
    }

    [Fact]
    public void An_arm_is_a_patch_of_base_and_lists_its_differences()
    {
        var experiment = _work.Valid("""
            "arms": { "a": {}, "b": { "meanflow": { "lambda": 0.5, "training": { "steps": 7 } } } }, "baseline": "a"
            """);

        var b = (LambdaMeanFlowOptions)experiment.Arms[1].Options.MeanFlow;
        (b.Lambda, b.Training.Steps, b.Training.LearningRate).Should().Be((0.5, 7, 0.001));
        experiment.Arms.Select(arm => arm.Baseline).Should().Equal(true, false);
        experiment.Arms[1].Differences.Select(pair => $"{pair.Key}={pair.Value}")
            .Should().Equal("meanflow.lambda=0.5", "meanflow.training.steps=7");
    }

    [Fact]
    public void A_patch_that_changes_a_kind_replaces_the_object()
    {
        var arms = _work.Valid("""
            "arms": {
              "a": {},
              "b": { "meanflow": { "derivative": { "kind": "forwardDifference", "delta": 0.25 } } },
              "c": { "meanflow": { "kind": "none" } }
            }, "baseline": "a"
            """).Arms;

        ((LambdaMeanFlowOptions)arms[1].Options.MeanFlow).Derivative.Should().Be(new ForwardDifferenceOptions(0.25));
        arms[2].Options.MeanFlow.Should().Be(new NoMeanFlowOptions());
        arms[2].Differences.Should().ContainKey("meanflow.kind");
    }

    [Fact]
    public void Null_resets_an_option_to_its_default()
    {
        var arms = _work.Valid("""
            "base": { "meanflow": { "tangentLambda": 0.5, "labelDropout": 0.3 } },
            "arms": { "a": {}, "b": { "meanflow": { "tangentLambda": null, "labelDropout": null } } }, "baseline": "a"
            """).Arms;

        var b = (LambdaMeanFlowOptions)arms[1].Options.MeanFlow;
        (b.TangentLambda, b.LabelDropout).Should().Be((null, 0.1));
    }

    [Fact]
    public void Comments_and_trailing_commas_are_allowed() =>
        _work.Valid("// why\n\"seeds\": [0, 1,], /* and */ ").Seeds.Should().Equal(0, 1);

    [Theory]
    [InlineData("\"0-5\"", new long[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData("\"0,2,7-8\"", new long[] { 0, 2, 7, 8 })]
    [InlineData("[4]", new long[] { 4 })]
    public void Seeds_are_an_array_or_ranges(string written, long[] seeds) =>
        _work.Valid($"\"seeds\": {written}").Seeds.Should().Equal(seeds);

    [Theory]
    [InlineData("[0, 0]", "duplicate seed 0")]
    [InlineData("[]", "empty")]
    [InlineData("\"0-x\"", "ascending range")]
    [InlineData("\"0-999999999\"", "ascending range")]
    [InlineData("[-1]", "expected a seed")]
    [InlineData("{}", "expected seeds")]
    public void Invalid_seeds_are_rejected(string written, string message) =>
        _work.Mistake($"\"seeds\": {written}").Message.Should().Contain(message);

    [Theory]
    [InlineData("""{ "a b": {}, "c": { "meanflow": { "lambda": 0 } } }""", "$.arms['a b']", "is not a valid arm name")]
    [InlineData("""{ "a": {}, "c": {} }""", "$.arms.c", "have the same options")]
    [InlineData("""{ "a": {}, "c": 1 }""", "$.arms.c", "expected an object")]
    [InlineData("{}", "$.arms", "at least one arm")]
    public void Invalid_arms_are_rejected(string arms, string path, string message)
    {
        var found = _work.Read($"\"arms\": {arms}, \"baseline\": \"c\"").Diagnostics.Should().ContainSingle().Subject;

        found.Path.Should().Be(path);
        found.Message.Should().Contain(message);
    }

    [Theory]
    [InlineData("", "`baseline` is missing", "one of `mfd`, `mft`")]
    [InlineData(", \"baseline\": \"mfx\"", "unknown arm `mfx`", "did you mean `mfd`?")]
    [InlineData(", \"baseline\": { \"meanflow.lambda\": 1 }", "expected the name of an arm", "one of `mfd`, `mft`")]
    public void Exactly_one_arm_is_the_baseline(string baseline, string message, string suggestion)
    {
        var found = _work.Mistake("""
            "arms": { "mfd": {}, "mft": { "meanflow": { "lambda": 0 } } }
            """ + baseline);

        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void Every_mistake_is_reported_with_its_own_line()
    {
        var result = _work.Read("""
            "arms": {
              "a": { "meanflow": { "lamda": 1 } },
              "b": { "meanflow": { "lambda": 1.5 },
                     "cmt": { "kind": "none" } }
            },
            "baseline": "c",
            "primaryMetric": "fid@3"
            """);

        result.Diagnostics.Select(found => (found.Line, found.Path)).Should().Equal(
            (3, "$.arms.a.meanflow.lamda"),
            (4, "$.arms.b.meanflow.lambda"),
            (5, "$.arms.b.cmt.kind"),
            (7, "$.baseline"),
            (8, "$.primaryMetric"));
    }

    [Fact]
    public void All_missing_options_of_an_empty_file_are_reported()
    {
        _work.Write("x.json", "{ }");

        ExperimentReader.Read("x.json", [], _work.Root).Diagnostics.Select(found => found.Path)
            .Should().BeEquivalentTo("$.version", "$.question", "$.expectation", "$.base", "$.evaluation");
    }

    [Fact]
    public void Missing_options_are_reported_with_their_expected_values()
    {
        var found = _work.Mistake(""" "base": { "teacher": { "kind": "flowMatching", "network": {}, "training": { "steps": 1 } } } """);

        found.Message.Should().Be("`time` is missing");
        found.Suggestion.Should().Contain("`uniform`, `logitNormal`");
    }

    [Fact]
    public void An_invalid_experiment_name_is_rejected()
    {
        _work.Write("a b.json", """{ "extends": "base.json" }""");

        ExperimentReader.Read("a b.json", [], _work.Root).Diagnostics.Should().ContainSingle().Which.Suggestion
            .Should().Contain("rename the file");
    }
}
