using MfRae.Lab.Core.Records;
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

    [Fact]
    public void Values_far_apart_are_shaded_by_their_ratios()
    {
        var record = GridRecord.Small();
        string[] arms = [.. record.Arms.Select(arm => arm.Name)];
        var value = record.Runs.ToDictionary(run => run.Stages["evaluation"], run => Math.Pow(10, 3 * Array.IndexOf(arms, run.Arm)));
        var html = Chart(new ReportData(record with
        {
            Stages = [.. record.Stages.Select(stage => !value.TryGetValue(stage.Key, out var set) ? stage : stage with
            {
                Measurements = [.. stage.Measurements.Select(measurement => measurement with { Value = set })],
            })],
        }));

        html.Should().ContainAll("0.42", "0.293", "0.167", "0.04");
        html.Should().Contain("logarithmic scale");
    }

    [Fact]
    public void Long_values_and_paths_are_shown_in_full_and_missing_options_come_first()
    {
        static string Of(params (string Path, string[] Values)[] options)
        {
            var record = GridRecord.Small();
            return Chart(new ReportData(record with
            {
                Arms = [.. record.Arms.Select((arm, at) => arm with
                {
                    Differences = options.Where(option => option.Values[at].Length > 0)
                        .ToDictionary(option => option.Path, option => option.Values[at]),
                })],
            }));
        }

        Of(("study.kind", ["\"centralDifference\"", "\"forwardDifference\"", "\"centralDifference\"", "\"forwardDifference\""]), ("t", ["0", "0", "1", "1"]))
            .Should().ContainAll(">centralDifference<", ">forwardDifference<");

        var lines = Of(("derivative.kind", ["1", "1", "2", "2"]), ("tangent", ["0.5", "1", "", "0"]), ("c", ["1", "2", "3", "4"]));
        lines.Should().Contain(">derivative.kind<");
        int[] order = [.. new[] { ">–<", ">0<", ">0.5<" }.Select(text => lines.IndexOf(text, StringComparison.Ordinal))];
        order.Should().BeInAscendingOrder().And.NotContain(-1);
    }

    private static string Chart(ReportData data) => ReportBuilder.Render(new GridSection(), data).Content.ToString();
}
