using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class QuestionTests
{
    [Theory]
    [InlineData("0.999", "30", "the averaged (EMA) weights still contain 97 % of the initial weights (ema 0.999, 30 steps)")]
    [InlineData("0.99", "200", "contain 13 % of the initial weights")]
    public void A_training_shorter_than_its_average_is_flagged(string ema, string steps, string note) =>
        Page(ema, steps).Should().Contain("Warnings").And.Contain(note);

    [Theory]
    [InlineData("0.99", "300")]
    [InlineData("0", "1")]
    [InlineData("\"none\"", "1")]
    public void Another_training_is_not(string ema, string steps) => Page(ema, steps).Should().NotContain("initial weights");

    private static string Page(string ema, string steps)
    {
        var record = SampleRecord.Small();
        return ReportBuilder.Build(record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Kind != "cmt" ? stage : stage with
            {
                DefinitionJson = $$"""
                    { "stage": "cmt", "cmt": { "kind": "trajectory", "training": { "steps": {{steps}}, "ema": {{ema}} } } }
                    """,
            })],
        });
    }
}
