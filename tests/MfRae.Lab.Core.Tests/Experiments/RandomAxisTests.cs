using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>The expected values were computed from the definition by another program: SHA-256 of `SEED/axis PATH/NUMBER`.</summary>
public sealed class RandomAxisTests : IDisposable
{
    private const string Rates = "\"meanflow.training.learningRate\": { \"logUniform\": [1e-4, 1e-2], \"draws\": 4 }";

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Log_uniform_draws_become_arms_that_are_named_after_their_values()
    {
        var arms = _work.Valid($$"""
            "axes": { {{Rates}} }, "arms": { "usual": {} }, "baseline": "usual"
            """).Arms;

        arms.Select(arm => arm.Name).Should().Equal("learningRate=0.004033", "learningRate=0.005777", "learningRate=0.0002982", "learningRate=0.00318", "usual");
        arms.Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).Training.LearningRate).Should().Equal(0.004033, 0.005777, 0.0002982, 0.00318, 0.001);
        arms[0].Levels.Should().Equal(new Dictionary<string, string> { ["meanflow.training.learningRate"] = "0.004033" });
    }

    [Fact]
    public void Another_seed_gives_other_values() =>
        _work.Valid($$"""
            "axes": { {{Rates}} }, "drawSeed": 7, "arms": { "usual": {} }, "baseline": "usual"
            """).Arms.Take(4).Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).Training.LearningRate).Should().Equal(0.0002242, 0.008864, 0.004044, 0.004393);

    [Fact]
    public void More_draws_keep_the_earlier_values()
    {
        string[] Names(int draws) =>
        [
            .. _work.Valid($$"""
                "axes": { "meanflow.lambda": { "uniform": [0, 1], "draws": {{draws}} } }, "arms": { "usual": {} }, "baseline": "usual"
                """).Arms.SkipLast(1).Select(arm => arm.Name),
        ];

        Names(5).Should().Equal("lambda=0.948", "lambda=0.6271", "lambda=0.06847", "lambda=0.8174", "lambda=0.3748");
        Names(5)[..3].Should().Equal(Names(3));
    }

    [Fact]
    public void Whole_numbers_are_drawn_with_both_ends_and_once_each() =>
        _work.Valid("""
            "axes": { "meanflow.snapshots": { "uniform": [0, 2], "draws": 3 } }, "baseline": { "meanflow.snapshots": 0 }
            """).Arms.Select(arm => arm.Name).Should().BeEquivalentTo("snapshots=0", "snapshots=1", "snapshots=2");

    [Fact]
    public void Zipped_axes_are_drawn_together_and_their_values_may_repeat() =>
        _work.Valid($$"""
            "axes": { {{Rates}}, "meanflow.initialisation": { "choice": ["teacher", "random"], "draws": 4 } }, "zip": true,
            "arms": { "usual": {} }, "baseline": "usual"
            """).Arms.SkipLast(1).Select(arm => ((LambdaMeanFlowOptions)arm.Options.MeanFlow).Initialisation).Should().Equal("teacher", "teacher", "teacher", "random");

    [Theory]
    [InlineData("\"logUniform\": [1e-4, 1e-2], \"draws\": 0", "$.axes['meanflow.training.learningRate'].draws", "expected the number of draws")]
    [InlineData("\"draws\": 3", "$.axes['meanflow.training.learningRate']", "needs a distribution")]
    [InlineData("\"uniform\": [0, 1], \"choice\": [0.1], \"draws\": 3", "$.axes['meanflow.training.learningRate']", "one distribution")]
    [InlineData("\"loguniform\": [1e-4, 1e-2], \"draws\": 3", "$.axes['meanflow.training.learningRate'].loguniform", "unknown property")]
    [InlineData("\"logUniform\": [0, 1e-2], \"draws\": 3", "$.axes['meanflow.training.learningRate'].logUniform", "two ends of an interval")]
    [InlineData("\"uniform\": [1e-2, 1e-4], \"draws\": 3", "$.axes['meanflow.training.learningRate'].uniform", "two ends of an interval")]
    [InlineData("\"uniform\": [0, 2], \"draws\": 3", "$.axes['meanflow.training.learningRate'].uniform", "out of range")]
    [InlineData("\"choice\": [], \"draws\": 3", "$.axes['meanflow.training.learningRate'].choice", "an empty array")]
    [InlineData("\"choice\": [0.1, 0.2], \"draws\": 3", "$.axes['meanflow.training.learningRate']", "only 2 different values")]
    public void Invalid_random_axes_are_rejected(string axis, string path, string message)
    {
        var found = _work.Read($$"""
            "axes": { "meanflow.training.learningRate": { {{axis}} } }, "arms": { "usual": {} }, "baseline": "usual"
            """).Diagnostics;

        found.Should().Contain(one => one.Path == path && one.Message.Contains(message));
    }

    [Fact]
    public void An_option_without_numbers_has_choices_only() =>
        _work.Mistake("""
            "axes": { "meanflow.initialisation": { "uniform": [0, 1], "draws": 2 } }, "arms": { "usual": {} }, "baseline": "usual"
            """).Suggestion.Should().Be("write \"choice\": [values]");
}
