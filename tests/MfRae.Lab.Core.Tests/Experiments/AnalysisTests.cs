using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class AnalysisTests : IDisposable
{
    private const string TwoArms = """
        "arms": { "a": {}, "b": { "meanflow": { "lambda": 0.3 } } }, "baseline": "a"
        """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void An_experiment_declares_effect_contrasts_and_pilot_seeds()
    {
        var experiment = _work.Valid(TwoArms + """
            , "smallestRelevantEffect": 0.03, "pilotSeeds": "100-101", "seeds": [0, 1],
            "contrasts": [{ "name": "gain", "title": "Gain of λ", "weights": { "b": 1, "a": -1 }, "metric": "fid@1", "smallestRelevantEffect": 0.1 }]
            """);

        experiment.SmallestRelevantEffect.Should().Be(0.03);
        experiment.Seeds.Should().Equal(0, 1);
        experiment.PilotSeeds.Should().Equal(100, 101);
        experiment.Contrasts.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new Contrast("gain", new Dictionary<string, double> { ["b"] = 1, ["a"] = -1 }, "Gain of λ", "fid@1", 0.1));
    }

    [Fact]
    public void Without_a_declaration_there_is_none()
    {
        var experiment = _work.Valid(TwoArms);

        (experiment.SmallestRelevantEffect, experiment.Contrasts, experiment.PilotSeeds).Should().Be((null, null, null));
    }

    [Fact]
    public void Keys_do_not_depend_on_the_declaration_and_pilot_runs_are_marked()
    {
        var plain = Planner.Build(_work.Valid(TwoArms + """, "seeds": [0, 1]"""), _ => "");
        var declared = Planner.Build(
            _work.Valid(TwoArms + """, "seeds": [0], "pilotSeeds": [1], "smallestRelevantEffect": 0.1, "contrasts": [{ "name": "c", "weights": { "a": 1, "b": -1 } }]"""),
            _ => "");

        declared.Stages.Select(stage => stage.Key).Should().BeEquivalentTo(plain.Stages.Select(stage => stage.Key));
        declared.Hash.Should().Be(plain.Hash);
        declared.Runs.Where(run => run.Pilot).Select(run => run.Seed).Should().Equal(1, 1);
    }

    [Theory]
    [InlineData("\"smallestRelevantEffect\": 0", "expected a number above 0, got the number 0")]
    [InlineData("\"smallestRelevantEffect\": \"3 %\"", "expected a number above 0, got the string \"3 %\"")]
    [InlineData("\"pilotSeeds\": [0, 7]", "seed 0 is in `seeds` and in `pilotSeeds`")]
    [InlineData("\"pilotSeeds\": []", "`pilotSeeds` is empty")]
    [InlineData("\"contrasts\": {}", "expected an array of contrasts, got an object")]
    [InlineData("\"contrasts\": []", "`contrasts` is empty")]
    [InlineData("\"contrasts\": [{ \"weights\": { \"a\": 1, \"b\": -1 } }]", "`name` is missing")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\" }]", "`weights` is missing")]
    [InlineData("\"contrasts\": [{ \"name\": \"c c\", \"weights\": { \"a\": 1, \"b\": -1 } }]", "`c c` is not a valid name of a contrast")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"weights\": { \"a\": 1, \"x\": -1 } }]", "unknown arm `x`")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"weights\": { \"a\": 1, \"b\": -0.5 } }]", "the weights have the sum 0.5, not 0")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"weights\": { \"a\": 1, \"b\": \"-1\" } }]", "expected a number, got the string \"-1\"")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"weights\": { \"a\": 0, \"b\": 0 } }]", "a contrast needs at least two arms with a weight other than 0")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"wights\": { \"a\": 1, \"b\": -1 } }]", "unknown option `wights`")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"metric\": \"fid@77\", \"weights\": { \"a\": 1, \"b\": -1 } }]", "`fid@77` is not measured")]
    [InlineData("\"contrasts\": [{ \"name\": \"c\", \"weights\": { \"a\": 1, \"b\": -1 } }, { \"name\": \"c\", \"weights\": { \"a\": -1, \"b\": 1 } }]", "two contrasts have the name `c`")]
    public void A_mistake_in_the_declaration_is_reported(string written, string message) =>
        _work.Read(TwoArms + ", " + written).Diagnostics.Should().Contain(found => found.Message.Contains(message, StringComparison.Ordinal))
            .Which.Line.Should().BeGreaterThan(0);

    [Fact]
    public void A_contrast_in_another_metric_needs_its_own_effect()
    {
        var read = _work.Read(TwoArms + """
            , "smallestRelevantEffect": 0.03, "contrasts": [{ "name": "c", "metric": "fid.train@1", "weights": { "a": 1, "b": -1 } }]
            """);

        read.Warnings.Should().ContainSingle(found => found.Message.Contains("the contrast has no verdict", StringComparison.Ordinal));
    }
}
