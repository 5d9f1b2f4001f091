using MfRae.Lab.Core.Tracking;

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
    [InlineData(Inception, "classAccuracy", """["test"]""", "other classes")]
    [InlineData(Dinov2, "classAccuracy", """["test"]""", "no classes")]
    [InlineData(Dinov2, "inceptionScore", """["test"]""", "no classes")]
    [InlineData(Own, "sfid", """["test"]""", "features of places")]
    [InlineData(Own, "memorisation", """["test"]""", "training images")]
    [InlineData(Own, "fidFloor", """["test"]""", "training images")]
    [InlineData(Own, "fidFloor", """["train"]""", "unseen images")]
    [InlineData(Own, "memorisation", """["train"]""", "unseen images")]
    public void A_metric_that_lacks_what_it_reads_is_told(string features, string kind, string references, string reason)
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
    public void A_metric_with_what_it_reads_can_be_the_primary_one(string features, string kind)
    {
        var name = MetricNames.Of(kind, ["test", "train"])![0];
        _work.Valid($"\"primaryMetric\": \"{name}@1\", {Evaluation(features, kind, """["test", "train"]""")}")
            .PrimaryMetric.Should().Be(name + "@1");
    }

    [Fact]
    public void The_second_network_gives_a_distance_of_its_own()
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

    private static string Evaluation(string features, string kind, string references) => $$"""
        "evaluation": { "features": {{features}}, "metrics": [{ "kind": "fid" }, { "kind": "{{kind}}" }], "references": {{references}} }
        """;
}
