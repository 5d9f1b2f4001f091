using FluentAssertions;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections.Divergence;
using MfRae.Lab.Reporting.Tests.Support;
using Xunit;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class DivergenceTests
{
    [Fact]
    public void Only_experiments_that_limit_the_gradient_norm_have_the_section()
    {
        new DivergenceSection().Has(new(SampleRecord.Small())).Should().BeFalse();
        new DivergenceSection().Has(new(DivergenceRecord.Small())).Should().BeTrue();
    }

    [Fact]
    public void An_arm_has_its_diverged_seeds_with_their_steps_and_its_largest_norm()
    {
        var data = new ReportData(DivergenceRecord.Small());
        var last = ArmDivergence.Of(data, data.Arms[^1]);

        last.Row.Should().BeEquivalentTo(new { Diverged = "1 of 2", Steps = "3", Largest = "250" });
        last.Survival.Points.Select(point => (point.Step, point.Mean)).Should().Equal((0, 1), (3, 1), (3, 0.5), (40, 0.5));
        ArmDivergence.Of(data, data.Arms[0]).Row.Should().BeEquivalentTo(new { Diverged = "0 of 2", Steps = "", Largest = "3.00" });
    }

    [Fact]
    public void A_page_has_the_exact_tests_of_axes_and_contrasts()
    {
        var page = ReportBuilder.Build(DivergenceRecord.Small());

        // One run diverged, at the highest of three levels: two of the three levels are as far from the middle.
        page.Should().Contain("0: 0 of 2, 0.5: 0 of 2, 1: 1 of 2</td><td class=\"number\">p = 0.6667");
        page.Should().Contain("lambda=1: 1 of 2; lambda=0: 0 of 2; only the first in 1 seed, only the second in 0</td><td class=\"number\">p = 1<");
    }
}
