using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class OverrideTests : IDisposable
{
    private const string TwoArms = """
        "arms": { "a": {}, "b": { "meanflow": { "initialisation": "teacher", "training": { "steps": 7 } } } }, "baseline": "a"
        """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void An_override_takes_precedence_in_every_arm()
    {
        var experiment = _work.Valid(TwoArms, "meanflow.training.steps=10", "meanflow.lambda=0.3");

        experiment.Arms.Select(arm => (LambdaMeanFlowOptions)arm.Options.MeanFlow)
            .Should().OnlyContain(options => options.Training.Steps == 10 && options.Lambda == 0.3);
    }

    [Fact]
    public void Overrides_are_in_the_name_and_kept_as_given()
    {
        var once = _work.Valid(TwoArms, "seeds=0-5");
        var again = _work.Valid(TwoArms, "seeds=0-5");
        var other = _work.Valid(TwoArms, "seeds=0-4");

        once.Name.Should().MatchRegex("^x~[0-9a-f]{6}$").And.Be(again.Name).And.NotBe(other.Name);
        once.Overrides.Should().Equal("seeds=0-5");
        once.Seeds.Should().Equal(0, 1, 2, 3, 4, 5);
    }

    [Theory]
    [InlineData("seeds=3", new long[] { 3 })]
    [InlineData("seeds=[3, 4]", new long[] { 3, 4 })]
    [InlineData("seeds=1,2", new long[] { 1, 2 })]
    public void Seeds_can_be_given_in_several_ways(string given, long[] seeds) =>
        _work.Valid("", given).Seeds.Should().Equal(seeds);

    [Fact]
    public void Values_are_JSON_or_strings()
    {
        var options = _work.Valid(
            "",
            "meanflow.initialisation=teacher",
            "sampling.steps=[1, 4]",
            "meanflow.derivative={\"kind\":\"forwardDifference\"}",
            "evaluation.probes=true");

        var meanFlow = (LambdaMeanFlowOptions)options.Arms[0].Options.MeanFlow;
        meanFlow.Initialisation.Should().Be("teacher");
        meanFlow.Derivative.Should().Be(new ForwardDifferenceOptions());
        options.Arms[0].Options.Sampling.Steps.Should().Equal(1, 4);
        options.Evaluation.Probes.Should().BeTrue();
    }

    [Fact]
    public void An_arm_without_the_option_is_unchanged()
    {
        var arms = _work.Valid("""
            "arms": { "a": {}, "teacher": { "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } } }, "baseline": "a",
            "primaryMetric": "fid@1"
            """, "meanflow.training.steps=10").Arms;

        ((LambdaMeanFlowOptions)arms[0].Options.MeanFlow).Training.Steps.Should().Be(10);
        arms[1].Options.MeanFlow.Should().Be(new NoMeanFlowOptions());
    }

    [Fact]
    public void An_override_of_an_axis_would_make_all_arms_equal()
    {
        var found = _work.Read(""" "axes": { "meanflow.lambda": [0, 1] }, "baseline": { "meanflow.lambda": 0 } """,
            "meanflow.lambda=0.5").Diagnostics;

        found.Should().ContainSingle().Which
            .Should().Match<Diagnostic>(one => one.File == null && one.Path == "meanflow.lambda" && one.Message.Contains("is an axis"));
    }

    [Fact]
    public void An_override_that_makes_arms_equal_is_refused() =>
        _work.Mistake("""
            "arms": { "a": { "meanflow": { "lambda": 0 } }, "b": { "meanflow": { "lambda": 1 } } }, "baseline": "a"
            """, "meanflow.lambda=0.5").Suggestion.Should().Contain("override");

    [Theory]
    [InlineData("meanflow.lamda=0.5", "meanflow.lamda", "unknown option `lamda`", "`lambda`")]
    [InlineData("meanflow.lambda=1.5", "meanflow.lambda", "1.5 is out of range", "0 to 1")]
    [InlineData("meanflow.lambda=0,5", "meanflow.lambda", "expected a number", "0 to 1")]
    [InlineData("meanflow.training.step=5", "meanflow.training.step", "unknown option `step`", "`steps`")]
    [InlineData("meanflw.lambda=1", "meanflw.lambda", "unknown option `meanflw.lambda`", "`meanflow.lambda`")]
    [InlineData("base.meanflow.lambda=1", "base.meanflow.lambda", "unknown option", "omit `base.`: meanflow.lambda=")]
    [InlineData("evaluation.prob=true", "evaluation.prob", "unknown option `prob`", "`probes`")]
    [InlineData("meanflow.lambda", "meanflow.lambda", "not an override", "path.to.option=value")]
    [InlineData("evaluation=5", "evaluation", "got the number 5", "an object with")]
    [InlineData("dataset=5", "dataset", "got the number 5", "an object whose `kind`")]
    [InlineData("teacher.weights=", "teacher.weights", "is not a valid path", "a path relative")]
    [InlineData("seeds=x", "seeds", "neither a seed", "a range such as")]
    public void A_mistake_on_the_command_line_is_reported_as_such(string given, string path, string message, string suggestion)
    {
        var found = _work.Mistake(TwoArms, given);

        (found.File, found.Line, found.Path).Should().Be((null, 0, path));
        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
        found.ToString().Should().StartWith($"command line: {path}: ");
    }

    [Fact]
    public void A_duplicate_override_is_rejected() =>
        _work.Mistake("", "meanflow.lambda=0", "meanflow.lambda=1").Message.Should().Contain("twice");
}
