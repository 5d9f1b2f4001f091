using System.Text.RegularExpressions;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections.Cost;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed partial class CostTests
{
    [Fact]
    public void The_section_with_all_costs_renders_as_agreed() =>
        Golden.Check("tests/MfRae.Lab.Reporting.Tests/Golden/cost-in-full.html", Content(CostRecord.Small()));

    [Fact]
    public void The_Pareto_front_of_sampling_costs_includes_all_arms_and_steps_but_not_the_teacher()
    {
        var html = Content(CostRecord.Small());

        html.Should().Contain("<figcaption>FID against the cost per image (log)</figcaption>");
        html.Should().Contain("On the Pareto front: lambda=0.5, fid@1: 9.879 for 0.0349 GFLOPs per image; "
            + "lambda=0.5, fid@2: 9.079 for 0.0585 GFLOPs per image. "
            + "For each of the other 4 points there is one on the front that costs no more and does at least as well.");
        html.Should().Contain("teacher, 50 steps: 12.07 for 1.19 GFLOPs per image").And.Contain(">teacher, 50 steps</text>");
    }

    [Fact]
    public void The_Pareto_front_of_training_costs_uses_the_primary_metric()
    {
        var html = Content(CostRecord.Small());

        html.Should().Contain("FID, 1 step against training TFLOP");
        html.Should().Contain("On the Pareto front: lambda=0, fid@1: 11.60 for 8.28 training TFLOP; "
            + "lambda=0.5, fid@1: 9.879 for 8.63 training TFLOP. For the other point there is one on the front that costs no more and does at least as well.");
        html.Should().NotContain("against training steps", "they are the same in all arms").And.Contain("Every arm used 800 training steps.");
    }

    [Fact]
    public void The_table_shows_every_cost_and_the_metric()
    {
        var rows = Rows().Matches(Content(CostRecord.Small())).Select(row => Tags().Replace(row.Value, "|")).ToArray();

        rows[1].Should().Contain("lambda=0.5").And.MatchRegex(@"\|800\|+cmt 600 \+ meanflow 200\|");
        rows[1].Should().MatchRegex(@"\|8\.63\|+on the front\|");
        rows[1].Should().MatchRegex(@"\|0\.0349\|+0\.0236 \+ 0\.0113\|+9\.879\|+on the front\|");
        rows[1].Should().MatchRegex(@"\|0\.0585\|.*\|9\.079\|+on the front\|");
        rows[2].Should().Contain("lambda=1").And.NotContain("on the front", "it costs as much as λ = 0.5 and is worse");
    }

    [Fact]
    public void The_results_show_bytes_in_megabytes()
    {
        var html = ReportBuilder.Build(CostRecord.WithSteps());

        html.Should().Contain("Peak memory of training in MB").And.NotContain("1,500,000,000").And.MatchRegex("data-v=\"1500\"");
    }

    [Fact]
    public void Only_elements_marked_as_timing_depend_on_how_the_work_ran()
    {
        var record = CostRecord.Small();
        var slower = record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Attempts = [.. stage.Attempts.Select(attempt => attempt with
                {
                    CpuSeconds = 3.7 * attempt.CpuSeconds + stage.Key[0],
                    WallSeconds = 2.2 * attempt.WallSeconds,
                })],
            })],
        };

        var (before, after) = (Content(record), Content(slower));

        after.Should().NotBe(before);
        Timing.Without(after).Should().Be(Timing.Without(before));
    }

    [Fact]
    public void Seconds_and_memory_of_a_training_step_are_costs()
    {
        var html = Content(CostRecord.WithSteps());

        html.Should().Contain(">seconds a training step<").And.Contain(">peak memory in MB<");
        Rows().Matches(html).Select(row => Tags().Replace(row.Value, "|")).First().Should().MatchRegex(@"\|0\.250\|.*\|1,500\|");
    }

    [Fact]
    public void Steps_that_were_measured_in_different_ways_are_not_costs() =>
        Content(CostRecord.WithSteps(otherJobs: true)).Should().NotContain("seconds a training step");

    [Fact]
    public void The_steps_of_an_imported_teacher_are_added_in_a_separate_column()
    {
        var html = Content(CostRecord.WithTeacher(14_000, null));

        html.Should().Contain("training steps with the teacher’s").And.Contain(">14,800<");
        html.Should().Contain("The processor time of the imported teacher’s training is unknown.");
        html.Should().NotContain("training CPU seconds with the teacher’s");
        Content(CostRecord.WithTeacher(14_000, 1_000)).Should().Contain("training CPU seconds with the teacher’s").And.NotContain("is unknown");
        Content(CostRecord.Small()).Should().NotContain("with the teacher’s", "no card says what it cost");
    }

    [Fact]
    public void Device_seconds_count_if_an_accelerator_did_the_work()
    {
        var record = CostRecord.Small();
        var html = Content(record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Attempts = [.. stage.Attempts.Select(attempt => attempt with { Device = "cuda:0" })],
            })],
        });

        html.Should().Contain("against training device seconds").And.NotContain("training CPU seconds");
    }

    [Fact]
    public void Values_that_are_not_comparable_have_no_front()
    {
        var html = Content(CostRecord.With((label, value) =>
            label.StartsWith("evaluation lambda=1", StringComparison.Ordinal) && value.Key == "fid@2" ? value with { Reference = "x" } : value));

        html.Should().Contain("No Pareto front: not comparable: reference differs.");
        html.Should().NotContain("On the Pareto front").And.NotContain("on the front");
        html.Should().NotContain("class=\"front\"").And.Contain("not comparable: reference differs</td>");
    }

    [Fact]
    public void A_metric_without_a_better_direction_has_no_Pareto_front() =>
        Content(CostRecord.With((_, value) => value.Metric == "fid" ? value with { HigherIsBetter = null } : value))
            .Should().Contain("No Pareto front: the metric has no better direction.").And.NotContain("class=\"front\"");

    [Fact]
    public void For_a_metric_where_higher_is_better_the_highest_values_are_on_the_front() =>
        Content(CostRecord.With((_, value) => value.Metric == "fid" ? value with { HigherIsBetter = true } : value))
            .Should().Contain("On the Pareto front: lambda=0, fid@1: 11.60 for 0.0349 GFLOPs per image. ");

    [Fact]
    public void Data_from_before_costs_were_recorded_show_the_known_costs()
    {
        var html = Content(SampleRecord.Small());

        html.Should().Contain("against training CPU seconds").And.Contain("class=\"front\"");
        html.Should().NotContain("GFLOP").And.NotContain("training steps").And.NotContain("cost per image");
    }

    [Fact]
    public void A_training_with_a_stage_without_an_estimate_has_no_sum()
    {
        var record = CostRecord.Small();
        var html = Content(record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Kind != "cmt" ? stage : stage with
            {
                Attempts = [.. stage.Attempts.Select(attempt => attempt with { Origin = null })],
            })],
        });

        html.Should().NotContain("TFLOP").And.Contain("800");
    }

    [Fact]
    public void Operations_are_given_in_the_unit_of_the_largest()
    {
        FlopUnit.For([2e12, 3e15]).Name.Should().Be("PFLOP");
        FlopUnit.For([9.9e14]).Name.Should().Be("TFLOP");
        FlopUnit.For([5]).Name.Should().Be("GFLOP");
        FlopUnit.For([]).Name.Should().Be("GFLOP");
    }

    private static string Content(ExperimentRecord record) =>
        ReportBuilder.Render(new CostSection(), new ReportData(record)).Content.ToString();

    [GeneratedRegex("<tr><th scope=\"row\">.*?</tr>", RegexOptions.Singleline)]
    private static partial Regex Rows();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tags();
}
