using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Axes whose levels have names, and arms that an experiment has in addition to its grid.</summary>
public sealed class NamedLevelsTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Levels_of_an_option_are_its_values()
    {
        var arms = _work.Valid("""
            "axes": { "meanflow.lambda": { "teacher": 1, "data": 0 } }, "baseline": { "meanflow.lambda": "data" }
            """).Arms;

        arms.Select(arm => (arm.Name, arm.Baseline)).Should().Equal(("lambda=teacher", false), ("lambda=data", true));
        arms.Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).Lambda).Should().Equal(1, 0);
    }

    [Fact]
    public void A_level_that_changes_the_kind_replaces_the_object_and_another_level_is_a_patch()
    {
        var arms = _work.Valid("""
            "axes": { "meanflow.lossWeight": { "plain": { "kind": "plain" }, "root": { "kind": "adaptive", "power": 0.5 } } },
            "baseline": { "meanflow.lossWeight": "plain" }
            """).Arms;

        arms.Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).LossWeight.GetType())
            .Should().Equal(typeof(PlainLossWeightOptions), typeof(AdaptiveLossWeightOptions));
    }

    [Fact]
    public void Levels_of_an_axis_that_is_not_an_option_change_several_options()
    {
        var arms = _work.Valid("""
            "axes": {
              "start": {
                "mid-trained": { "meanflow": { "initialisation": "cmt" } },
                "teacher": { "cmt": { "kind": "none" }, "meanflow": { "initialisation": "teacher" } }
              },
              "meanflow.lambda": [0, 1]
            },
            "baseline": { "start": "teacher", "meanflow.lambda": 0 }
            """).Arms;

        arms.Select(arm => (arm.Name, arm.Baseline)).Should().Equal(
            ("start=mid-trained,lambda=0", false),
            ("start=mid-trained,lambda=1", false),
            ("start=teacher,lambda=0", true),
            ("start=teacher,lambda=1", false));
        arms.Select(arm => arm.Options.Cmt is NoCmtOptions).Should().Equal(false, false, true, true);
        arms[2].Differences.Keys.Should().Equal("cmt.kind", "meanflow.initialisation", "meanflow.lambda");
    }

    [Fact]
    public void An_arm_knows_its_level_on_each_axis()
    {
        var arms = _work.Valid("""
            "axes": {
              "meanflow.lossWeight": [{ "kind": "plain" }, { "kind": "adaptive" }, { "kind": "adaptive", "power": 0.5 }],
              "meanflow.lambda": { "teacher": 1 }
            },
            "arms": { "extra": { "meanflow": { "lambda": 0.5 } } },
            "baseline": "extra"
            """).Arms;

        arms.Select(arm => arm.Levels?["meanflow.lossWeight"]).Should().Equal("plain", "adaptive", "adaptive-2", null);
        arms.Select(arm => arm.Levels?["meanflow.lambda"]).Should().Equal("teacher", "teacher", "teacher", null);
        arms[0].Levels!.Keys.Should().Equal("meanflow.lossWeight", "meanflow.lambda");
    }

    [Fact]
    public void Arms_follow_the_grid_and_each_changes_base()
    {
        var arms = _work.Valid("""
            "axes": { "meanflow.lambda": [0, 1] },
            "arms": { "half": { "title": "λ = ½", "meanflow": { "lambda": 0.5 } } },
            "baseline": { "meanflow.lambda": 1 }
            """).Arms;

        arms.Select(arm => (arm.Name, arm.Title, arm.Baseline)).Should().Equal(
            ("lambda=0", null, false), ("lambda=1", null, true), ("half", "λ = ½", false));
        ((LambdaMeanFlowOptions)arms[2].Options.MeanFlow).Lambda.Should().Be(0.5);
    }

    [Fact]
    public void Names_of_levels_change_no_stage()
    {
        var plain = _work.Plan(""" "axes": { "meanflow.lambda": [0, 1] }, "baseline": { "meanflow.lambda": 0 } """);
        var named = _work.Plan(""" "axes": { "meanflow.lambda": { "a": 0, "b": 1 } }, "baseline": "lambda=a" """);

        named.Stages.Select(stage => stage.Key).Should().Equal(plain.Stages.Select(stage => stage.Key));
    }

    [Fact]
    public void Null_removes_a_level_of_an_extended_file() =>
        _work.Valid(""" "axes": { "meanflow.lambda": { "a": 0, "b": null } } """).Arms.Should().ContainSingle();

    [Theory]
    [InlineData("""{ "meanflow.lambda": {} }""", "at least one level", "name of the level", "$.axes['meanflow.lambda']")]
    [InlineData("""{ "meanflow.lambda": { "a": 0, "b": 0.0 } }""", "the levels `a` and `b` are equal", "remove one", "$.axes['meanflow.lambda'].b")]
    [InlineData("""{ "meanflow.lambda": { "b": 2 } }""", "2 is out of range", "from 0 to 1", "$.axes['meanflow.lambda'].b")]
    [InlineData("""{ "meanflow.lambda": { "a,b": 0 } }""", "not a valid name of a level", "letters", "$.axes['meanflow.lambda']['a,b']")]
    [InlineData("""{ "meanflow.lamda": { "a": 0 } }""", "unknown option `meanflow.lamda`", "`meanflow.lambda`", "$.axes['meanflow.lamda']")]
    [InlineData("""{ "lambda": { "a": 0 } }""", "expected an object, got the number 0", "`meanflow.lambda`", "$.axes.lambda.a")]
    [InlineData("""{ "start": { "a": { "meanflo": {} } } }""", "unknown option `meanflo`", "`meanflow`", "$.axes.start.a.meanflo")]
    [InlineData("""{ "a b": { "a": {} } }""", "not a valid name of an axis", "letters", "$.axes['a b']")]
    [InlineData(
        """{ "start": { "a": { "meanflow": { "lambda": 0 } } }, "meanflow.lambda": [0.5] }""",
        "the axes `start` and `meanflow.lambda` both set `meanflow.lambda`", "one axis", "$.axes['meanflow.lambda'][0]")]
    public void Mistakes_in_levels_are_reported_with_their_location(string axes, string message, string suggestion, string path)
    {
        var found = _work.Mistake($"\"axes\": {axes}");

        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
        found.Path.Should().Be(path);
    }

    [Theory]
    [InlineData("""{ "meanflow.lambda": "c" }""", "\"c\" is not a level of the axis", "`\"a\"`")]
    [InlineData("""{ "meanflow.lambda": 0 }""", "0 is not a level of the axis", "`\"a\"`")]
    [InlineData("""{ }""", "2 arms match", "one level for each axis, e.g. { \"meanflow.lambda\": \"a\" }")]
    public void The_baseline_names_a_level(string baseline, string message, string suggestion)
    {
        var found = _work.Mistake($$""" "axes": { "meanflow.lambda": { "a": 0, "b": 1 } }, "baseline": {{baseline}} """);

        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void An_arm_may_not_have_the_name_of_an_arm_of_the_grid()
    {
        var found = _work.Mistake("""
            "axes": { "meanflow.lambda": [0, 1] }, "arms": { "lambda=1": { "meanflow": { "lambda": 0.5 } } }, "baseline": "lambda=0"
            """);

        found.Message.Should().Be("an arm of `axes` has the name `lambda=1`");
        found.Path.Should().Be("$.arms['lambda=1']");
    }

    [Fact]
    public void An_arm_with_the_options_of_an_arm_of_the_grid_is_refused() =>
        _work.Mistake("""
            "axes": { "meanflow.lambda": [0, 1] }, "arms": { "one": { "meanflow": { "lambda": 1 } } }, "baseline": "lambda=0"
            """).Message.Should().Be("the arms `lambda=1` and `one` have the same options");

    [Fact]
    public void An_override_of_an_option_that_an_axis_sets_is_refused() =>
        _work.Mistake("""
            "axes": { "start": { "a": { "meanflow": { "lambda": 0 } }, "b": { "meanflow": { "lambda": 1 } } } }, "baseline": { "start": "a" }
            """, "meanflow.lambda=0.5").Message.Should().Be("`meanflow.lambda` is set by the axis `start`: a single value would undo its levels");
}
