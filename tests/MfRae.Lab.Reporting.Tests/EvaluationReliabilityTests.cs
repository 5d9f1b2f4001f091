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

    [Theory]
    [InlineData(2.5, "FID increases at each of 3 corruption levels")]
    [InlineData(0.5, "FID does not increase at every corruption level")]
    public void The_section_says_whether_FID_increases_with_corruption(double top, string sentence) =>
        ReportBuilder.Build(ReliabilityRecord.Small(top)).Should().Contain(sentence);
}
