using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections.Grid;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class GridTests
{
    [Fact]
    public void Arms_along_one_option_have_no_grid() =>
        ReportBuilder.Build(SampleRecord.Small()).Should().NotContain("<section id=\"grid\">");

    [Fact]
    public void Two_options_make_a_heat_map_of_as_many_cells_as_arms_with_the_best_framed()
    {
        var chart = Chart(new ReportData(GridRecord.Small()));

        chart.Should().Contain("class=\"chart heat\"");
        chart.Split("class=\"cell").Should().HaveCount(5);
        chart.Split("class=\"cell best\"").Should().HaveCount(2);
        chart.Should().Contain("fill-opacity=\"0.42\"", "the best is strongest").And.Contain("fill-opacity=\"0.04\"", "the worst is faintest");
        chart.Should().Contain("<g class=\"a0\">", "a cell has the colour of its arm");
    }

    [Fact]
    public void More_options_make_parallel_coordinates_with_values_in_the_order_of_their_numbers()
    {
        var chart = Chart(new ReportData(GridRecord.Parallel()));

        chart.Should().Contain("class=\"chart parallel\"");
        chart.Split("class=\"line a").Should().HaveCount(5);
        chart.Split("class=\"upright\"").Should().HaveCount(5, "three options and what was measured");
        chart.IndexOf(">9<", StringComparison.Ordinal).Should().BeLessThan(chart.IndexOf(">10<", StringComparison.Ordinal));
        chart.Should().Contain(">central<", "a word stands without its quotes");
    }

    [Fact]
    public void Options_that_change_together_are_no_grid()
    {
        var record = GridRecord.Small();
        var arms = record.Arms.Select((arm, at) => arm with
        {
            Differences = new Dictionary<string, string> { ["a"] = $"{at}", ["b"] = $"{at}" },
        });

        Chart(new ReportData(record with { Arms = [.. arms] })).Should().Contain("class=\"chart parallel\"");
    }

    [Fact]
    public void An_arm_without_a_value_keeps_its_place()
    {
        var record = GridRecord.Small();
        var lost = record.Runs.Where(run => run.Arm == "lambda=1").Select(run => run.Stages["evaluation"]).ToHashSet();
        var stages = record.Stages.Select(stage => lost.Contains(stage.Key) ? stage with { Measurements = [] } : stage);

        var chart = Chart(new ReportData(record with { Stages = [.. stages] }));

        chart.Split("class=\"cell").Should().HaveCount(5);
        chart.Should().Contain("fill-opacity=\"0\"").And.Contain("n 0 of 2");
    }

    private static string Chart(ReportData data) => ((GridModel)new GridSection().Model(data)).Chart.ToString();
}
