using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

public sealed class StudyTests : IDisposable
{
    private const string Study = """
        "study": {
          "kind": "derivativeError", "derivative": { "kind": "jvp" }, "time": { "kind": "uniform" }, "deltas": [0.001, 0.01]
        }
        """;

    private const string Metric = "\"primaryMetric\": \"derivativeError\"";

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_study_replaces_samples_and_their_evaluation()
    {
        var plan = _work.Plan($$"""{{Metric}}, "base": { {{Study}} } """);

        plan.Stages.Select(stage => stage.Kind).Should().Equal(
            "dataset", "encoder", "latents", "teacher", "cmt", "meanflow", "derivativeError");
        var study = plan.Stages[^1];
        study.Seed.Should().Be(0);
        study.Inputs.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            [StageInput.Latents] = plan.Stages[2].Key,
            [StageInput.Teacher] = plan.Stages[3].Key,
            [StageInput.Generator] = plan.Stages[5].Key,
        });
    }

    [Fact]
    public void Without_mean_flow_the_study_examines_the_mid_trained_network()
    {
        var plan = _work.Plan($$"""{{Metric}}, "base": { "decoder": { "kind": "none" }, "meanflow": { "kind": "none" }, {{Study}} } """);

        plan.Stages[^1].Inputs[StageInput.Generator].Should().Be(plan.Stages.Single(stage => stage.Kind == "cmt").Key);
    }

    [Fact]
    public void Arms_with_other_estimators_share_all_stages_except_the_study()
    {
        var plan = _work.Plan($$"""
            {{Metric}}, "base": { {{Study}} },
            "arms": { "float32": {}, "tf32": { "study": { "precision": "tf32" } } }, "baseline": "float32"
            """);

        plan.Stages.Should().HaveCount(8);
        plan.Stages.Count(stage => stage.Kind == "derivativeError").Should().Be(2);
    }

    [Theory]
    [InlineData("derivativeError.highestRatio")]
    [InlineData("derivativeError.early")]
    public void The_primary_metric_can_be_a_measurement_of_the_study(string metric) =>
        _work.Valid($$""" "primaryMetric": "{{metric}}", "base": { {{Study}} } """).PrimaryMetric.Should().Be(metric);

    [Theory]
    [InlineData(""" "base": { STUDY } """, "$.primaryMetric")]
    [InlineData(""" METRIC, "base": { "cmt": { "kind": "none" }, "meanflow": { "kind": "none" }, STUDY } """, "$.base.study.kind")]
    [InlineData(""" METRIC, "base": { STUDY }, "arms": { "a": { "study": { "deltas": [0.01, 0.001] } } } """, "$.arms.a.study.deltas")]
    [InlineData(""" METRIC, "base": { STUDY }, "arms": { "a": { "study": { "precision": "float16" } } } """, "$.arms.a.study.precision")]
    public void Invalid_options_of_a_study_are_reported_at_their_location(string keys, string path) =>
        _work.Mistake(keys.Replace("STUDY", Study).Replace("METRIC", Metric)).Path.Should().Be(path);

    [Fact]
    public void Without_a_teacher_there_is_no_direction_of_its_velocity()
    {
        const string scratch = """
            "teacher": { "kind": "none" }, "cmt": { "kind": "none" }, "meanflow": { "lambda": 0, "initialisation": "random" }
            """;

        _work.Mistake($$"""{{Metric}}, "base": { {{scratch}}, {{Study}} } """)
            .Should().Match<Diagnostic>(found => found.Message.StartsWith("`lambda` is above 0"));
        _work.Valid($$"""{{Metric}}, "base": { {{scratch}}, {{Study}} } """, "study.lambda=0");
    }
}
