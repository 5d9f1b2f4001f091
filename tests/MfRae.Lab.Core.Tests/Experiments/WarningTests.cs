using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Allowed values of an experiment file that are seldom intended.</summary>
public sealed class WarningTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("""{ "ema": 0.999, "steps": 30 }""", "the initial weights are 97 % of the average", "0.926")]
    [InlineData("""{ "ema": 0.9999, "steps": 1000 }""", "90 % of the average", "23025")]
    [InlineData("""{ "steps": 400 }""", "`ema` 0.999 averages over more than the 400 training steps", "2302")]
    [InlineData("""{ "ema": 0.5, "warmupSteps": 60, "steps": 30 }""", "`warmupSteps` is 60", "at most 30")]
    public void A_training_that_cannot_reach_its_settings_gives_a_warning(string training, string message, string suggestion)
    {
        var read = Read(training);

        read.Experiment.Should().NotBeNull();
        read.Diagnostics.Should().BeEmpty();
        var warning = read.Warnings.Should().ContainSingle().Which;
        warning.Message.Should().Contain(message);
        warning.Suggestion.Should().Contain(suggestion);
        warning.File.Should().Be("x.json");
        warning.Path.Should().StartWith("$.base.cmt.training");
    }

    [Theory]
    [InlineData("""{ "ema": 0, "steps": 1 }""")]
    [InlineData("""{ "ema": 0.9, "steps": 22 }""")]
    [InlineData("""{ "ema": 0.5, "warmupSteps": 30, "steps": 30 }""")]
    public void A_training_that_reaches_its_settings_gives_no_warning(string training) => Read(training).Warnings.Should().BeEmpty();

    [Fact]
    public void A_warning_that_several_arms_share_is_given_once() =>
        Read("""{ "ema": 0.999, "steps": 30 }""", """, "arms": { "a": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "a" """)
            .Warnings.Should().ContainSingle();

    [Fact]
    public void A_warning_about_an_override_is_located_on_the_command_line() =>
        _work.Read("""
            "base": { "cmt": { "training": { "ema": 0.9 } }, "meanflow": { "training": { "ema": 0 } } }
            """, "cmt.training.steps=2").Warnings.Should().ContainSingle().Which.File.Should().BeNull();

    private ReadResult Read(string training, string more = "") => _work.Read(
        $$"""
        "base": { "cmt": { "training": {{training}} }, "meanflow": { "training": { "ema": 0 } } } {{more}}
        """);
}
