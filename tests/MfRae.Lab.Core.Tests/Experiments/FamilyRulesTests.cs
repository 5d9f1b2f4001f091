using System.Text.Json.Nodes;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class FamilyRulesTests : IDisposable
{
    private const string Common = """
        "network": {}, "time": { "kind": "uniform" }, "lossWeight": { "kind": "adaptive" }, "training": { "steps": 400 }
        """;

    private const string AlphaFlow = $$"""
        "kind": "alphaFlow", {{Common}}, "derivative": { "kind": "centralDifference" }
        """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("\"lambda\": 0.5", "`lambda`")]
    [InlineData("\"lambda\": 1, \"tangentLambda\": 0.25", "`tangentLambda`")]
    [InlineData("\"lambda\": 1, \"lambdaSchedule\": { \"kind\": \"linear\", \"end\": 0 }", "`lambdaSchedule.end`")]
    [InlineData("\"lambda\": 1, \"lambdaSchedule\": { \"kind\": \"switch\", \"end\": 0, \"step\": 7 }", "`lambdaSchedule.end`")]
    [InlineData("\"lambda\": 0, \"tangentLambda\": 1", "`tangentLambda`")]
    public void A_mixture_of_guided_and_unguided_velocities_must_be_chosen(string lambda, string option)
    {
        string change = $"{lambda}, \"guidance\": {{ \"scale\": 2 }}";
        var found = _work.Mistake($"\"base\": {{ \"meanflow\": {{ {change} }} }}");
        found.Message.Should().Contain(option).And.Contain("unguided");
        found.Suggestion.Should().Contain("`mixedGuidance` to both");

        foreach (string choice in (string[])["teacher", "both"])
        {
            _work.Valid($"\"base\": {{ \"meanflow\": {{ {change}, \"mixedGuidance\": \"{choice}\" }} }}").Should().NotBeNull();
        }
    }

    [Theory]
    [InlineData("\"lambda\": 1, \"guidance\": { \"scale\": 2 }")]
    [InlineData("\"lambda\": 0.5, \"guidance\": { \"scale\": 1 }")]
    [InlineData("\"lambda\": 0.5")]
    public void Guidance_of_one_velocity_needs_no_choice(string lambda) =>
        _work.Valid($"\"base\": {{ \"meanflow\": {{ {lambda} }} }}").Should().NotBeNull();

    [Theory]
    [InlineData("""{ "mixedGuidance": "both" }""", "$.base.meanflow.mixedGuidance", "set `guidance`")]
    [InlineData("""{ "selfGuidance": { "kappa": 0.5 } }""", "$.base.meanflow.selfGuidance", "set `lambda` below 1")]
    [InlineData("""{ "selfGuidance": { "low": 0.7, "high": 0.3 }, "lambda": 0 }""", "$.base.meanflow.selfGuidance.low", "below `high`")]
    [InlineData("""{ "tangent": "network", "tangentLambda": 1 }""", "$.base.meanflow.tangent", "remove one")]
    [InlineData("""{ "tangent": "networks" }""", "$.base.meanflow.tangent", "did you mean `network`?")]
    [InlineData($$"""{ {{AlphaFlow}}, "alpha": { "finish": 401 } }""", "$.base.meanflow.alpha.finish", "at most 400")]
    [InlineData($$"""{ {{AlphaFlow}}, "alpha": { "begin": 300, "finish": 200 } }""", "$.base.meanflow.alpha.begin", "below `finish`")]
    [InlineData($$"""{ {{AlphaFlow}}, "alpha": {}, "lambda": 0.5, "guidance": { "scale": 2 } }""", "$.base.meanflow.guidance", "`lambda` to 1")]
    [InlineData($$"""{ "kind": "shortcut", {{Common}}, "gridSteps": 100 }""", "$.base.meanflow.gridSteps", "64 or 128")]
    [InlineData(
        """
        { "kind": "shortcut", "network": {}, "time": { "kind": "uniform", "reweight": "uniform" }, "lossWeight": { "kind": "plain" },
          "training": { "steps": 4 } }
        """, "$.base.meanflow.time.reweight", "`reweight` to none")]
    public void Options_that_contradict_each_other_are_reported(string change, string path, string suggestion)
    {
        var found = _work.Mistake($"\"base\": {{ \"meanflow\": {change} }}");

        found.Path.Should().Be(path);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Theory]
    [InlineData("alphaFlow", """, "derivative": { "kind": "jvp" }, "alpha": {}""")]
    [InlineData("splitMeanFlow", "")]
    [InlineData("shortcut", "")]
    public void Every_kind_is_trained_after_mid_training_and_needs_a_teacher_for_lambda(string kind, string more)
    {
        string meanFlow = $"\"kind\": \"{kind}\", {Common}{more}";
        var plan = _work.Plan($"\"base\": {{ \"meanflow\": {{ {meanFlow} }} }}");
        plan.Runs[0].Stages.Keys.Should().Contain(["cmt", "meanflow", "sampling"]);

        _work.Mistake($$"""
            "base": { "teacher": { "kind": "none" }, "cmt": { "kind": "none" },
              "meanflow": { {{meanFlow}}, "lambda": 0.5, "initialisation": "random" } },
            "evaluation": { "metrics": [{ "kind": "fid" }] }
            """).Message.Should().Contain("`lambda` is above 0 without a teacher");
    }

    [Fact]
    public void New_options_of_kind_lambda_are_no_part_of_a_key_unless_they_are_set()
    {
        var options = (LambdaMeanFlowOptions)_work.Valid("\"base\": {}").Arms[0].Options.MeanFlow;
        JsonObject Written(LambdaMeanFlowOptions some) => System.Text.Json.JsonSerializer.SerializeToNode<StageDefinition>(
            new MeanFlowStage(some), LabJson.Default.StageDefinition)!["meanFlow"]!.AsObject();

        Written(options).Select(property => property.Key).Should().NotContain(["tangent", "selfGuidance", "mixedGuidance"]);
        Written(options with { Tangent = "network", SelfGuidance = new(), MixedGuidance = "both" }).Select(property => property.Key)
            .Should().Contain(["tangent", "selfGuidance", "mixedGuidance"]);
    }
}
