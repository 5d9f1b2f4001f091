using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Sections.Progress;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class ProgressTests
{
    private static readonly ExperimentRecord Record = SampleRecord.WithSnapshots(
        SampleRecord.Sweep([0, 0.5, 1], seeds: 2, steps: 4, diverged: false));

    [Fact]
    public void The_baseline_reaches_its_final_FID_at_its_end_and_a_faster_arm_earlier()
    {
        var arms = Arms(new(Record));
        var target = arms[0].End!.Value;

        arms[0].Reaches(target).Should().Be(1000);
        var reached = arms[2].Reaches(target)!.Value;
        var (before, after) = (arms[2].Mean.Last(point => point.Step < reached), arms[2].Mean.First(point => point.Step >= reached));
        reached.Should().BeLessThan(500);
        (before.Mean!.Value + (after.Mean!.Value - before.Mean.Value) * (reached - before.Step) / (after.Step - before.Step))
            .Should().BeApproximately(target, 1e-9);
    }

    [Fact]
    public void Curves_of_networks_from_other_devices_are_neither_averaged_nor_compared()
    {
        var training = Record.Runs.Single(run => run is { Arm: "lambda=1", Seed: 1 }).Stages["meanflow"];
        var other = Record with
        {
            Stages = [.. Record.Stages.Select(stage => stage.Key != training ? stage : stage with
            {
                Attempts = [.. stage.Attempts.Select(attempt => attempt with { Device = "cuda:0" })],
            })],
        };

        Arms(new(Record)).Select(arm => arm.Arm.Name).Should().Equal("lambda=0", "lambda=0.5", "lambda=1");
        Arms(new(other)).Select(arm => arm.Arm.Name).Should().Equal("lambda=0", "lambda=0.5");
    }

    [Fact]
    public void The_baseline_is_no_target_if_every_arm_starts_below_its_final_FID()
    {
        var worse = Changed(Record, series => series with { Values = [.. series.Values.Select((value, at) => at == 4 ? 99 : value)] }, "lambda=0");

        Section(Record).Should().Contain("Final FID of the baseline");
        Section(worse).Should().NotContain("Final FID of the baseline").And.Contain("Final FID of the best arm");
    }

    [Fact]
    public void Without_an_improvement_there_are_no_targets()
    {
        var record = Record;
        foreach (var arm in new[] { "lambda=0", "lambda=0.5", "lambda=1" })
            record = Changed(record, series => series with { Values = [9, 10, 11, 12, 13] }, arm);

        Section(record).Should().NotContain("<table>").And.Contain("<svg viewBox");
    }

    [Fact]
    public void A_target_that_an_arm_never_reaches_is_shown_as_not_reached()
    {
        var data = new ReportData(Changed(Record, series => series with { Values = [.. series.Values.Select(value => value + 100)] }, "lambda=0.5"));

        Arms(data)[1].Reaches(Arms(data)[0].End!.Value).Should().BeNull();
        Page(data.Record).Should().Contain("not reached");
    }

    [Fact]
    public void A_value_that_is_not_finite_breaks_the_line_and_reaches_nothing()
    {
        var data = new ReportData(Changed(Record, series => series with { Values = [null, null, null, null, null] }, "lambda=1"));

        Arms(data)[2].Reaches(1e9).Should().BeNull();
        Arms(data)[2].End.Should().BeNull();
        Page(data.Record).Should().Contain("<section id=\"progress\">");
    }

    [Fact]
    public void A_mid_training_that_some_arms_skip_is_counted_where_it_is()
    {
        var without = Record with
        {
            Runs = [.. Record.Runs.Select(run => run.Arm == "lambda=0"
                ? run with { Stages = run.Stages.Where(stage => stage.Key != "cmt").ToDictionary() }
                : run)],
        };
        var (shared, own) = (Arms(new(Record)), Arms(new(without)));

        shared[1].Seconds(0).Should().Be(0, "all arms share it");
        own[0].Seconds(0).Should().Be(0);
        own[1].Seconds(0).Should().Be(Record.Stages.Single(stage => stage.Kind == "cmt").Attempts.Sum(attempt => attempt.CpuSeconds));
        (own[1].Seconds(1000) - own[1].Seconds(500)).Should().BeApproximately(
            (shared[1].Seconds(1000) - shared[1].Seconds(0)) / 2, 1e-9, "the steps of a stage cost alike");
    }

    [Fact]
    public void Snapshots_that_were_measured_differently_do_not_share_a_chart()
    {
        var mixed = Record with
        {
            Stages = [.. Record.Stages.Select(stage => stage.Label.StartsWith("snapshots lambda=1", StringComparison.Ordinal)
                ? stage with { DefinitionJson = stage.DefinitionJson.Replace("\"samples\":1000", "\"samples\":5000") }
                : stage)],
        };

        Section(mixed).Should().Contain("with different samples").And.NotContain("<svg viewBox").And.NotContain("<table>");
        Section(Record).Should().NotContain("with different").And.Contain("<svg viewBox").And.Contain("<table>");
    }

    [Fact]
    public void A_record_without_snapshots_has_no_such_section() =>
        Page(SampleRecord.Small()).Should().NotContain("id=\"progress\"").And.NotContain("class=\"films\"");

    [Fact]
    public void The_cost_of_training_is_known_while_snapshots_are_still_being_measured()
    {
        var partly = Changed(Record, series => new(series.Name, [.. series.Steps.Take(3)], [.. series.Values.Take(3)]), "lambda=1");

        Arms(new(partly))[2].Seconds(250).Should().Be(Arms(new(Record))[2].Seconds(250));
    }

    [Fact]
    public void Seeds_without_a_common_step_have_no_mean_and_the_page_still_renders()
    {
        var apart = Record;
        foreach (var (seed, step) in new[] { (0, 125L), (1, 250L) })
            apart = Changed(apart, series => new(series.Name, [step], [20]), $"lambda=1 seed {seed}");

        Arms(new(apart)).Select(arm => arm.Arm.Name).Should().Equal("lambda=0", "lambda=0.5");
        Section(apart).Should().Contain("<svg viewBox");
    }

    private static IReadOnlyList<ProgressArm> Arms(ReportData data) => ProgressArm.All(data, new(data));

    private static string Page(ExperimentRecord record) => ReportBuilder.Build(record);

    private static string Section(ExperimentRecord record)
    {
        var page = Page(record);
        var start = page.IndexOf("<section id=\"progress\">", StringComparison.Ordinal);
        return page[start..page.IndexOf("</section>", start, StringComparison.Ordinal)];
    }

    private static ExperimentRecord Changed(ExperimentRecord record, Func<SeriesRecord, SeriesRecord> change, string arm) => record with
    {
        Stages = [.. record.Stages.Select(stage => $"{stage.Label} ".StartsWith($"snapshots {arm} ", StringComparison.Ordinal)
            ? stage with { Series = [.. stage.Series.Select(change)] }
            : stage)],
    };
}
