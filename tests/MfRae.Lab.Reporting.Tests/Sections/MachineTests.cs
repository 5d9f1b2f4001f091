using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class MachineTests
{
    [Fact]
    public void What_the_workers_used_is_drawn_for_the_training_that_has_readings()
    {
        var page = Page([new(5, 1.25, 3_000_000_000, 0, 1_000_000), new(10, 1.5, 3_500_000_000, 0, 2_000_000)]);

        page.Should().Contain("Machine during meanflow").And.Contain("Busy cores").And.Contain("Memory, GB").And.Contain("from machine");
        page.Should().NotContain("Power of the GPU", "there was none");
    }

    [Fact]
    public void A_record_without_readings_has_no_such_charts() => Page(null).Should().NotContain("Machine during");

    private static string Page(IReadOnlyList<MachineUse>? use)
    {
        var record = SampleRecord.Small();
        return ReportBuilder.Build(record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Kind != "meanflow" ? stage : stage with
            {
                Attempts = [.. stage.Attempts.Select(attempt => attempt with { Use = use })],
            })],
        });
    }
}
