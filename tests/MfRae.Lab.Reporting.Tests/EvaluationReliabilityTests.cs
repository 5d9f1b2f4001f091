using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests;

public sealed class EvaluationReliabilityTests
{
    private const string Heading = "Reliability of the evaluation";

    [Fact]
    public void Without_intervals_floor_or_corruptions_there_is_no_section() =>
        ReportBuilder.Build(SampleRecord.Small()).Should().NotContain(Heading);

    [Fact]
    public void Floor_intervals_and_neighbours_are_in_one_section()
    {
        var html = ReportBuilder.Build(ReliabilityRecord.Small());

        html.Should().Contain(Heading).And.Contain("have FID 1.25 to the reference").And.Contain("1.3 % of the samples");
        html.Should().Contain("95 % interval over the choice of samples").And.Contain("nearest training images</summary>");
        html.Should().Contain("(half the width of a run’s 95 % interval; median of 5 runs)");
    }

    [Fact]
    public void Several_noise_sets_show_the_variance_between_runs_and_between_sets()
    {
        var record = SampleRecord.Small();
        var second = record.Stages.Where(stage => stage.Label.StartsWith("evaluation ", StringComparison.Ordinal)).Select(stage => stage with
        {
            Key = SampleRecord.Key(stage.Label + ", second set"),
            Measurements = [.. stage.Measurements.Select(value => value with { Value = value.Value + 0.1 })],
        });
        var runs = record.Runs.Select(run => run with
        {
            Stages = new Dictionary<string, string>(run.Stages)
            {
                ["evaluation.2"] = SampleRecord.Key($"evaluation {run.Arm} seed {run.Seed}, second set"),
            },
        });

        // Two values that differ by 0.1 have the standard deviation 0.1 / √2.
        ReportBuilder.Build(record with { Stages = [.. record.Stages, .. second], Runs = [.. runs] })
            .Should().Contain("Variance components").And.Contain("between sets of samples of one run it is 0.071");
        ReportBuilder.Build(record).Should().NotContain("Variance components");
    }

    [Theory]
    [InlineData(2.5, "FID increases at each of 3 corruption levels")]
    [InlineData(0.5, "FID does not increase at every corruption level")]
    public void The_section_says_whether_FID_increases_with_corruption(double top, string sentence) =>
        ReportBuilder.Build(ReliabilityRecord.Small(top)).Should().Contain(sentence);
}
