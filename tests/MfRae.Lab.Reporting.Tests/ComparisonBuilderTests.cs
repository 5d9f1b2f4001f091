using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Tests.Support;

namespace MfRae.Lab.Reporting.Tests;

public sealed class ComparisonBuilderTests
{
    [Fact]
    public void Two_experiments_render_as_agreed()
    {
        var html = ComparedRecords.Page();

        Golden.Check(
            "tests/MfRae.Lab.Reporting.Tests/Golden/comparison.html", html[html.IndexOf("<main ", StringComparison.Ordinal)..html.IndexOf("</main>", StringComparison.Ordinal)]);
    }

    [Fact]
    public void The_commits_distinguish_two_runs_of_one_experiment()
    {
        var html = ComparedRecords.Page();

        html.Should().Contain("A: ablation-lambda, commit c0ffee01c0").And.Contain("B: ablation-lambda, commit decade01de");
    }

    [Fact]
    public void A_metric_that_was_measured_differently_has_a_reason_and_no_number()
    {
        var html = ComparedRecords.Page();
        var results = html[html.IndexOf("<section id=\"results\">", StringComparison.Ordinal)..];

        results[..results.IndexOf("</section>", StringComparison.Ordinal)].Should().Contain("<code>fid@1</code>").And.NotContain("<code>is@1</code>");
        html.Should().Contain("<span class=\"n\">is@1</span></th><td>samples</td>");
        ComparedRecords.Page(ComparedRecords.One, ComparedRecords.One).Should().NotContain("id=\"conflicts\"");
    }

    [Fact]
    public void Equal_keys_with_different_values_raise_an_alarm()
    {
        ComparedRecords.Page().Should().Contain("the computation was not reproduced").And.Contain("2.214000001");
        ComparedRecords.Page(ComparedRecords.One, ComparedRecords.One).Should().Contain("are bit-identical")
            .And.NotContain("class=\"alarm\"").And.Contain("computed by stages that both experiments share");
    }

    [Fact]
    public void Experiments_without_a_common_metric_say_so()
    {
        var bare = ComparedRecords.Other with { Runs = [] };

        ComparedRecords.Page(ComparedRecords.One, bare).Should().Contain("The two experiments have no metric in common.");
    }

    [Fact]
    public void Every_string_of_both_experiments_is_escaped()
    {
        const string Attack = "</script></style><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";

        var html = ComparedRecords.Page(Poison.Every(ComparedRecords.One, Attack), Poison.Every(ComparedRecords.Other, Attack));

        html.Should().Contain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;img");
        html.Should().NotContain("<script>alert").And.NotContain("<img src=x").And.NotContain("\"'&<");
        html.Split("<script>").Should().HaveCount(2, "the page has one script, its own");
        html.Split("</style>").Should().HaveCount(2);
    }

    [Fact]
    public void The_same_records_give_the_same_bytes() => ComparedRecords.Page().Should().Be(ComparedRecords.Page());
}
