using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests;

public sealed partial class ReportBuilderTests
{
    [Fact]
    public void The_same_record_gives_the_same_bytes_in_any_culture()
    {
        var before = CultureInfo.CurrentCulture;
        var first = ReportBuilder.Build(SampleRecord.Realistic());
        try
        {
            CultureInfo.CurrentCulture =
                new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "~" } };

            ReportBuilder.Build(SampleRecord.Realistic()).Should().Be(first);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_policy_names_style_and_script_by_their_hashes_and_allows_nothing_else()
    {
        var html = ReportBuilder.Build(SampleRecord.Small());

        html.Should().Contain(
            $"content=\"default-src &#39;none&#39;; img-src data:; style-src &#39;{Hash(html, "style")}&#39;; script-src "
                + $"&#39;{Hash(html, "script")}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\"");
        html.Should().NotContain(" style=\"").And.NotContain("http://www.w3.org/1999").And.NotContain("https://");
    }

    [Fact]
    public void A_report_is_headed_by_the_title_of_its_file_or_by_its_name()
    {
        ReportBuilder.Build(SampleRecord.Small()).Should().Contain("<h1>ablation-lambda</h1>");

        ReportBuilder.Build(SampleRecord.Small() with { Title = "Teacher & target" })
            .Should().Contain("<title>Teacher &amp; target</title>").And.Contain("<h1>Teacher &amp; target</h1>");
    }

    [Fact]
    public void A_diverged_seed_stays_in_view()
    {
        var html = ReportBuilder.Build(SampleRecord.Small());

        html.Should().Contain("1 of 2 seeds diverged").And.Contain("the loss is not finite at step 3").And.Contain("n 1 of 2");
    }

    [Fact]
    public void Measurements_of_another_reference_get_the_reason_instead_of_a_number()
    {
        var record = SampleRecord.Realistic();
        var key = record.Runs.First(run => run.Arm == "lambda=1").Stages["evaluation"];
        var stages = record.Stages.Select(stage => stage.Key != key ? stage : stage with
        {
            Measurements = [.. stage.Measurements.Select(measurement => measurement with { Reference = "other" })],
        });

        var html = ReportBuilder.Build(record with { Stages = [.. stages] });

        html.Should().Contain("<td class=\"number\"><span class=\"lost\">not comparable: reference differs</span></td>");
        html.Should().Contain("<span class=\"badge bad\">not comparable</span>");
        html.Should().NotContain("Best arm by");
    }

    [Fact]
    public void An_attempt_that_was_killed_before_it_recorded_its_machine_changes_only_timing_elements()
    {
        var record = CostRecord.Small();
        var killed = record with
        {
            Stages = [.. record.Stages.Select(stage => stage.Status != "completed" ? stage : stage with
            {
                Attempts =
                [
                    new(0, AttemptStatus.Killed, "", "", 0, DateTimeOffset.UnixEpoch, null, 0, 0, 0, "killed"), .. stage.Attempts,
                ],
            })],
        };

        var (before, after) = (ReportBuilder.Build(record), ReportBuilder.Build(killed));

        after.Should().NotBe(before);
        Timing.Without(after).Should().Be(Timing.Without(before));
    }

    [Fact]
    public void A_plan_that_has_not_run_yet_still_renders()
    {
        var record = SampleRecord.Small();
        var stages = record.Stages.Select(
            stage => stage with { Status = "planned", Attempts = [], Measurements = [], Series = [], Images = [] });

        var html = ReportBuilder.Build(
            record with { Stages = [.. stages], Runs = [.. record.Runs.Select(run => run with { Status = "planned" })] });

        html.Should().Contain("Nothing has been measured yet.").And.Contain("No samples have been drawn.");
    }

    [Fact]
    public void An_experiment_without_a_generator_shows_the_metrics_that_it_has()
    {
        var record = SampleRecord.Small() with { PrimaryMetric = "rfid" };
        var runs = record.Runs.Select(
            run => run with
            {
                Stages = run.Stages.Where(stage => stage.Key is "dataset" or "encoder" or "decoder" or "reconstruction")
                .ToDictionary()
            });

        var html = ReportBuilder.Build(record with { Runs = [.. runs] });

        html.Should().Contain("<code>rfid</code>").And.Contain("2.214");
    }

    [Fact]
    public void Every_string_of_a_record_is_escaped()
    {
        const string Attack = "</script></style><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";

        var html = ReportBuilder.Build(Poison.Every(SampleRecord.Small(), Attack));
        var index = IndexBuilder.Build([IndexEntry.Of(Poison.Every(SampleRecord.Small(), Attack))]);

        foreach (var page in new[] { html, index })
        {
            page.Should().Contain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;img");
            page.Should().NotContain("<script>alert").And.NotContain("<img src=x").And.NotContain("\"'&<");
            page.Split("<script>").Should().HaveCount(2, "the page has one script, its own");
            page.Split("</style>").Should().HaveCount(2);
        }
    }

    [Fact]
    public void A_page_of_very_many_curves_stays_below_five_megabytes_without_its_images()
    {
        var html = ReportBuilder.Build(SampleRecord.Large());

        (Encoding.UTF8.GetByteCount(html) - Pictures().Matches(html).Sum(match => match.Length)).Should().BeLessThan(5_000_000);
    }

    [Fact]
    public void A_name_in_a_link_cannot_leave_the_folder() =>
        IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small() with { Name = "../a b?c#d" })]).Should().Contain("href=\"..%2Fa%20b%3Fc%23d.html\"");

    [Fact]
    public void The_index_shows_the_best_arm_and_lost_runs()
    {
        var html = IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small(), ["to-read", "a<b"])]);

        html.Should().Contain("href=\"ablation-lambda.html\"").And.Contain("best arm: lambda=0.5 (fid@1").And.Contain("3 arms, 6 runs, 1–2 seeds per arm with a result");
        html.Should().Contain("1 run not completed").And.Contain("1 underpowered").And.Contain("1 diverged").And.Contain("<span class=\"tag\">a&lt;b</span> <span class");
    }

    [Fact]
    public void The_index_dates_an_experiment_by_its_latest_attempt_and_counts_the_cost_of_all()
    {
        var record = SampleRecord.Small();
        var latest = record.Stages.SelectMany(stage => stage.Attempts).Max(attempt => attempt.Started);

        var entry = IndexEntry.Of(record);

        entry.Latest.Should().Be(latest);
        entry.CpuSeconds.Should().Be(record.Stages.SelectMany(stage => stage.Attempts).Sum(attempt => attempt.CpuSeconds));
        IndexBuilder.Build([entry]).Should().MatchRegex("<span data-timing>last run 2025-03-04 0\\d:\\d\\d UTC</span> <span data-timing>[^<]+ of CPU time</span>");
    }

    [Fact]
    public void Arms_keep_their_colours_in_the_index_whichever_experiment_they_belong_to()
    {
        var other = SampleRecord.Realistic() with { Name = "other" };

        var html = IndexBuilder.Build([IndexEntry.Of(SampleRecord.Small()), IndexEntry.Of(other)]);

        foreach (var (css, record) in new[] { ("e0", SampleRecord.Small()), ("e1", other) })
        {
            var report = ReportBuilder.Build(record);
            var rule = report[report.IndexOf(".a1{--arm:", StringComparison.Ordinal)..];
            html.Should().Contain($".{css} {rule[..(rule.IndexOf('}', StringComparison.Ordinal) + 1)]}");
        }
    }

    [GeneratedRegex("base64,[A-Za-z0-9+/=]+")]
    private static partial Regex Pictures();

    private static string Hash(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var text = html[start..html.IndexOf($"</{element}>", start, StringComparison.Ordinal)];
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))).Replace("&", "&amp;");
    }
}
