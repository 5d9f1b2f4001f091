using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class AxesTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void An_axis_gives_one_arm_for_each_value()
    {
        var arms = _work.Valid(""" "axes": { "meanflow.lambda": [0, 0.5, 1] }, "baseline": { "meanflow.lambda": 0.0 } """).Arms;

        arms.Select(arm => arm.Name).Should().Equal("lambda=0", "lambda=0.5", "lambda=1");
        arms.Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).Lambda).Should().Equal(0, 0.5, 1);
        arms.Select(arm => arm.Baseline).Should().Equal(true, false, false);
        arms[1].Differences.Should().ContainSingle().Which.Key.Should().Be("meanflow.lambda");
    }

    [Fact]
    public void Two_axes_give_all_combinations_and_the_last_varies_fastest() =>
        _work.Valid("""
            "axes": { "meanflow.lambda": [0, 1], "meanflow.initialisation": ["cmt", "teacher"] },
            "baseline": { "meanflow.lambda": 1, "meanflow.initialisation": "cmt" }
            """).Arms.Select(arm => (arm.Name, arm.Baseline)).Should().Equal(
            ("lambda=0,initialisation=cmt", false),
            ("lambda=0,initialisation=teacher", false),
            ("lambda=1,initialisation=cmt", true),
            ("lambda=1,initialisation=teacher", false));

    [Fact]
    public void Zipped_axes_advance_together() =>
        _work.Valid("""
            "axes": { "meanflow.lambda": [0, 1], "meanflow.tangentLambda": [1, 0] }, "zip": true,
            "baseline": { "meanflow.lambda": 0 }
            """).Arms.Select(arm => arm.Name).Should().Equal("lambda=0,tangentLambda=1", "lambda=1,tangentLambda=0");

    [Fact]
    public void Axes_with_the_same_last_name_are_named_in_full() =>
        _work.Valid("""
            "axes": { "cmt.training.steps": [10], "meanflow.training.steps": [20, 30] },
            "baseline": { "meanflow.training.steps": 20 }
            """).Arms[0].Name.Should().Be("cmt.training.steps=10,meanflow.training.steps=20");

    [Fact]
    public void Arrays_and_objects_as_values_have_names_too() =>
        _work.Valid("""
            "axes": {
              "sampling.steps": [[1], [1, 4]],
              "meanflow.lossWeight": [{ "kind": "plain" }, { "kind": "adaptive" }, { "kind": "adaptive", "power": 0.5 }]
            },
            "baseline": { "sampling.steps": [1], "meanflow.lossWeight": { "kind": "plain" } }
            """).Arms.Select(arm => arm.Name).Should().Equal(
            "steps=1,lossWeight=plain",
            "steps=1,lossWeight=adaptive",
            "steps=1,lossWeight=adaptive-2",
            "steps=1+4,lossWeight=plain",
            "steps=1+4,lossWeight=adaptive",
            "steps=1+4,lossWeight=adaptive-2");

    [Theory]
    [InlineData("""{ "meanflow.lamda": [0, 1] }""", "unknown option `meanflow.lamda`", "did you mean `meanflow.lambda`?")]
    [InlineData("""{ "lambda": [0, 1] }""", "unknown option `lambda`", "`meanflow.lambda`")]
    [InlineData("""{ "meanflow.lambda": 0.5 }""", "expected an array of values", "write [0.5]")]
    [InlineData("""{ "meanflow.lambda": [] }""", "an empty array", "at least one value")]
    [InlineData("[]", "expected at least one axis", "path.to.option")]
    [InlineData("""{ "meanflow.lambda": [0, 1, 2] }""", "2 is out of range", "a number from 0 to 1")]
    public void Invalid_axes_are_rejected(string axes, string message, string suggestion)
    {
        var found = _work.Mistake($"\"axes\": {axes}, \"baseline\": {{ \"meanflow.lambda\": 0 }}");

        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Theory]
    [InlineData("", "`baseline` is missing", "write \"baseline\": { \"meanflow.lambda\": 0 }")]
    [InlineData(", \"baseline\": \"lambda=O\"", "unknown arm `lambda=O`", "did you mean `lambda=0`?")]
    [InlineData(", \"baseline\": 0", "expected an object or the name of an arm", "write \"baseline\": { \"meanflow.lambda\": 0 }")]
    [InlineData(", \"baseline\": { \"meanflow.lambda\": 0.3 }", "0.3 is not a value of the axis", "one of `0`, `1`")]
    [InlineData(", \"baseline\": { \"meanflow.lamda\": 0 }", "is not an axis", "did you mean `meanflow.lambda`?")]
    [InlineData(", \"baseline\": { }", "2 arms match", "one value for each axis")]
    public void The_baseline_names_one_value_of_each_axis(string baseline, string message, string suggestion)
    {
        var found = _work.Mistake("\"axes\": { \"meanflow.lambda\": [0, 1] }" + baseline);

        found.Message.Should().Contain(message);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void A_duplicate_value_gives_equal_arms() =>
        _work.Read(""" "axes": { "meanflow.lambda": [0, 1, 1.0] }, "baseline": { "meanflow.lambda": 0 } """)
            .Diagnostics.Should().ContainSingle().Which.Path.Should().Be("$.axes['meanflow.lambda'][2]");

    [Fact]
    public void Zipped_axes_of_unequal_length_are_refused() =>
        _work.Mistake("""
            "axes": { "meanflow.lambda": [0, 1], "meanflow.tangentLambda": [1] }, "zip": true
            """).Message.Should().Contain("the same length");

    [Fact]
    public void The_baseline_of_a_grid_may_be_the_name_of_an_arm() =>
        _work.Valid(""" "axes": { "meanflow.lambda": [0, 1] }, "baseline": "lambda=1" """).Arms
            .Single(arm => arm.Baseline).Name.Should().Be("lambda=1");

    [Fact]
    public void A_grid_that_is_too_large_is_refused_before_it_is_built()
    {
        string many = string.Join(", ", Enumerable.Range(1, 200));

        _work.Mistake($$""" "axes": { "meanflow.training.steps": [{{many}}], "cmt.training.steps": [{{many}}] }, "baseline": {} """)
            .Message.Should().Contain("more than 1000 arms");
    }
}
