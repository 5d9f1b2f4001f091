using System.Text.RegularExpressions;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed partial class LivePageTests(ServedLab served) : IClassFixture<ServedLab>
{
    private int Port => served.Port;

    [Fact]
    public async Task A_page_is_the_report_and_one_more_script()
    {
        using var database = LabDatabase.OpenReadOnly(served.DatabaseFile);
        var queries = new RunQueries(database);
        var record = queries.Experiment("smoke")!;
        var entries = queries.Experiments().Select(summary => IndexEntry.Of(queries.Experiment(summary.Name)!)).ToList();

        var report = (await Visit.Ask(Port, "/smoke.html")).Body;
        var index = (await Visit.Ask(Port, "/")).Body;

        WithoutLife(report).Should().Be(ReportBuilder.Build(record));
        WithoutLife(index).Should().Be(IndexBuilder.Build(entries));
        (await Visit.Ask(Port, "/index.html")).Body.Should().Be(index);
        ReportBuilder.Build(record).Should().NotContain("data-stamp").And.NotContain("connect-src").And.NotContain("EventSource");
    }

    [Fact]
    public async Task Images_that_a_page_links_to_are_served_and_no_other_file()
    {
        using var own = new ServedLab();
        // More than a page holds, so the page links to it.
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', .. new byte[3_000_000]];
        using (var connection = new SqliteConnection($"Data Source={own.DatabaseFile}"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE image SET png = $png WHERE name = 'samples@1'";
            command.Parameters.AddWithValue("$png", png);
            command.ExecuteNonQuery().Should().BePositive();
        }

        var page = (await Visit.Ask(own.Port, "/smoke.html")).Body;
        var link = ImageLink().Match(page).Groups[1].Value;
        var image = await Visit.Ask(own.Port, "/" + link);

        image.Status.Should().Be(200);
        image.Headers["Content-Type"].Should().Be("image/png");
        int.Parse(image.Headers["Content-Length"]).Should().Be(png.Length);
        foreach (var other in new[] { "/smoke.images/0000000000000000.png", "/smoke.images/..%2Flab.db", "/none.images/" + link.Split('/')[1] })
            (await Visit.Ask(own.Port, other)).Status.Should().Be(404, other);
    }

    [Fact]
    public async Task Headers_keep_a_page_to_its_viewer()
    {
        var answer = await Visit.Ask(Port, "/smoke.html");

        var policy = MetaPolicy().Match(answer.Body).Groups[1].Value.Replace("&#39;", "'");
        policy.Should().StartWith("default-src 'none'").And.Contain("connect-src 'self'");
        answer.Headers["Content-Security-Policy"].Should().Be(policy + "; frame-ancestors 'none'");
        answer.Headers["Content-Type"].Should().Be("text/html; charset=utf-8");
        answer.Headers["X-Content-Type-Options"].Should().Be("nosniff");
        answer.Headers["Referrer-Policy"].Should().Be("no-referrer");
        answer.Headers["Cache-Control"].Should().Be("no-store");
        answer.Headers["Cross-Origin-Resource-Policy"].Should().Be("same-origin");
        answer.Headers.Should().NotContainKey("Access-Control-Allow-Origin");
        (await Visit.Ask(Port, "/none.html")).Headers["Content-Security-Policy"].Should().Contain("frame-ancestors 'none'");
    }

    [Fact]
    public async Task Who_has_the_page_already_is_not_sent_it_again()
    {
        var tag = (await Visit.Ask(Port, "/smoke.html")).Headers["ETag"];

        var known = await Visit.Ask(Port, "/smoke.html", headers: $"If-None-Match: {tag}\r\n");
        var head = await Visit.Ask(Port, "/smoke.html", "HEAD");

        known.Status.Should().Be(304);
        known.Body.Should().BeEmpty();
        known.Headers["ETag"].Should().Be(tag);
        head.Status.Should().Be(200);
        head.Body.Should().BeEmpty();
        int.Parse(head.Headers["Content-Length"]).Should().BePositive();
    }

    [Fact]
    public async Task Fifty_viewers_at_once_are_shown_one_page_that_is_made_once()
    {
        await Visit.Ask(Port, "/smoke.html");
        served.LogPoint("smoke", "mfd");
        // As long as a page rests before it is made anew.
        await Task.Delay(100);
        var before = served.Server.Load.Made;

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Visit.Ask(Port, "/smoke.html")));

        answers.Should().OnlyContain(answer => answer.Status == 200);
        answers.Select(answer => answer.Body).Distinct().Should().ContainSingle();
        (served.Server.Load.Made - before).Should().Be(1);
    }

    private static string WithoutLife(string page)
    {
        LiveElement().Matches(page).Should().ContainSingle();
        page = LiveElement().Replace(page, "");
        return MetaPolicy().Replace(page, policy => policy.Value.Replace("; connect-src &#39;self&#39;", "")
            .Replace(LiveHashes().Match(policy.Value).Value, ""));
    }

    [GeneratedRegex("href=\"(smoke\\.images/[0-9a-f]+\\.png)\"")]
    private static partial Regex ImageLink();

    [GeneratedRegex("""<script data-stamp="[0-9a-f]+" data-events="/events[^"]*" data-token="[0-9a-f]{32}" data-stop="">.*?</script>\n""",
        RegexOptions.Singleline)]
    private static partial Regex LiveElement();

    [GeneratedRegex("""http-equiv="Content-Security-Policy" content="([^"]*)">""")]
    private static partial Regex MetaPolicy();

    // The page's own script comes first among the hashes.
    [GeneratedRegex("(?<=script-src &#39;sha256-[A-Za-z0-9+/=]*&#39;)( &#39;sha256-[A-Za-z0-9+/=]*&#39;){2}")]
    private static partial Regex LiveHashes();
}
