using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class VerdictSectionTests
{
    [Fact]
    public void Seven_seeds_give_verdicts_and_a_note_on_each_arm_that_may_be_the_best()
    {
        var html = ReportBuilder.Build(SampleRecord.Sweep([0, 0.5, 1], seeds: 7, steps: 4, diverged: false));

        html.Should().Contain("beyond the smallest relevant effect, 0.03 (−3.0 to +3.0 %)").And.Contain("in a family of 2");
        html.Should().NotContain("noise band").And.NotContain("Holm");
        html.Should().Contain("may be the best too");
    }

    [Fact]
    public void Without_a_smallest_relevant_effect_the_page_says_that_there_is_no_verdict()
    {
        var html = ReportBuilder.Build(SampleRecord.Sweep([0, 1], seeds: 7, steps: 4, diverged: false) with { SmallestRelevantEffect = null });

        html.Should().Contain("No verdict: the experiment declares no smallestRelevantEffect.").And.Contain("95 % interval");
        html.Should().NotContain(">better<").And.NotContain(">worse<");
    }

    [Fact]
    public void Declared_contrasts_have_the_verdicts_and_their_formula_is_with_the_question()
    {
        var record = SampleRecord.Sweep([0, 0.5, 1], seeds: 7, steps: 4, diverged: false);
        var weights = new Dictionary<string, double> { [record.Arms[2].Name] = 1, [record.Arms[1].Name] = -1 };

        var html = ReportBuilder.Build(record with { Contrasts = [new("last-step", weights, "From half to full λ")] });

        html.Should().Contain("Contrasts declared before the run").And.Contain("From half to full λ");
        html.Should().Contain("Each arm against the baseline").And.Contain("no verdict: the experiment declares other contrasts");
    }

    [Fact]
    public void Pilot_seeds_are_marked_and_in_no_mean()
    {
        var record = SampleRecord.Sweep([0, 1], seeds: 3, steps: 4, diverged: false);
        record = record with
        {
            Seeds = [0, 1],
            Runs = [.. record.Runs.Select(run => run with { Pilot = run.Seed == 2 })],
        };

        var html = ReportBuilder.Build(record);

        html.Should().Contain("1 pilot seed (2) explored before the confirmation").And.Contain("seed 2, pilot");
        new ReportData(record).Primary.Arms.Should().OnlyContain(arm => arm.Values.Count == 2 && arm.Pilots.Count == 1);
    }

    [Fact]
    public void Seeds_that_follow_a_verdict_are_named()
    {
        var record = SampleRecord.Sweep([0, 1], seeds: 7, steps: 4, diverged: false);
        PlanVersion Version(int number, bool current, PlanChange[] changes, Dictionary<string, string>? verdicts) => new(
            number, current, "hash", null, null, changes, "fid@1", new Dictionary<string, int>(), [], [], verdicts);
        PlanVersion[] versions =
        [
            Version(1, false, [], new() { ["lambda=1"] = "better" }),
            Version(2, true, [new("seeds", [], "0, 1, 2, 3, 4, 5", "0, 1, 2, 3, 4, 5, 6")], null),
        ];

        ReportBuilder.Build(record with { Versions = versions }).Should().Contain(
            "Seeds were added after a verdict: version @1 with other seeds had already decided (lambda=1: better).");
        ReportBuilder.Build(record with { Versions = [Version(1, false, [], null), versions[1]] }).Should().NotContain("Seeds were added");
    }

    [Fact]
    public void Runs_that_wait_for_stages_without_their_results_are_not_lost()
    {
        var record = SampleRecord.Sweep([0, 1], seeds: 2, steps: 4, diverged: false);
        var waiting = record with
        {
            Runs = [.. record.Runs.Select(run => run with { Status = "queued" })],
            Stages = [.. record.Stages.Select(stage => stage.Label == "teacherEvaluation" ? stage with { Status = "queued" } : stage)],
        };
        new ReportData(waiting).Arms.Should().OnlyContain(arm => arm.Losses == "");

        var open = waiting with
        {
            Stages = [.. waiting.Stages.Select(stage => stage.Label == "evaluation lambda=1 seed 1" ? stage with { Status = "running" } : stage)],
        };
        new ReportData(open).Arms.Select(arm => arm.Losses).Should().Equal("", "1 of 2 seeds queued");
    }

    [Fact]
    public void A_grid_of_levels_has_main_effects_and_an_interaction()
    {
        var record = SampleRecord.Sweep([0, 0.25, 0.5, 1], seeds: 7, steps: 4, diverged: false);
        string[][] levels = [["with", "0"], ["with", "1"], ["without", "0"], ["without", "1"]];
        record = record with
        {
            Arms = [.. record.Arms.Select((arm, at) => arm with
            {
                Levels = new Dictionary<string, string> { ["cmt"] = levels[at][0], ["meanflow.lambda"] = levels[at][1] },
            })],
        };

        ReportBuilder.Build(record).Should().Contain("Main effects and interactions").And.Contain("cmt: without − with")
            .And.Contain("class=\"cell");
    }
}
