using System.Text.RegularExpressions;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed partial class LivePageTests(ServedLab served) : IClassFixture<ServedLab>
{
    private int Port => served.Port;

    [Fact]
    public async Task A_page_is_the_report_with_one_more_script()
    {
        using var database = LabDatabase.OpenReadOnly(served.DatabaseFile);
        var queries = new RunQueries(database);
        var record = queries.Experiment("smoke")!;
        var entries = queries.Names().Select(name => IndexEntry.Of(queries.Experiment(name)!)).ToList();

        var report = (await Visit.Ask(Port, "/smoke.html")).Body;
        var index = (await Visit.Ask(Port, "/")).Body;

        WithoutLiveScript(report).Should().Be(ReportBuilder.Build(record));
        WithoutLiveScript(index).Should().Be(IndexBuilder.Build(entries));
        (await Visit.Ask(Port, "/index.html")).Body.Should().Be(index);
        ReportBuilder.Build(record).Should().NotContain("data-stamp").And.NotContain("connect-src").And.NotContain("EventSource");
    }

    [Fact]
    public async Task Only_images_that_a_page_links_to_are_served()
    {
        using var own = new ServedLab();
        const int size = 3_000_000;
        var link = await own.LinkImage("smoke", size);
        var before = own.Server.Load.Made;

        var image = await Visit.Ask(own.Port, link);

        image.Status.Should().Be(200);
        image.Headers["Content-Type"].Should().Be("image/png");
        int.Parse(image.Headers["Content-Length"]).Should().Be(size);
        own.Server.Load.Made.Should().Be(before, "the page is not rendered for each image");
        foreach (var other in new[] { "/smoke.images/0000000000000000.png", "/smoke.images/..%2Flab.db", "/none.images/" + link.Split('/')[2] })
            (await Visit.Ask(own.Port, other)).Status.Should().Be(404, other);
    }

    [Fact]
    public async Task Headers_protect_a_page_from_caches_frames_and_other_sites()
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
        answer.Headers.Should().NotContainKey("Access-Control-Allow-Origin").And.NotContainKey("Server");
        (await Visit.Ask(Port, "/none.html")).Headers["Content-Security-Policy"].Should().Contain("frame-ancestors 'none'");
    }

    [Fact]
    public async Task A_viewer_who_has_the_current_page_gets_status_304()
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
    public async Task Fifty_viewers_share_one_page_that_is_made_once()
    {
        await Visit.Ask(Port, "/smoke.html");
        served.LogPoint("smoke", "mfd");
        // Longer than the time between two comparisons with the database.
        await Task.Delay(100);
        var before = served.Server.Load.Made;

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Visit.Ask(Port, "/smoke.html")));

        answers.Should().OnlyContain(answer => answer.Status == 200);
        answers.Select(answer => answer.Body).Distinct().Should().ContainSingle();
        (served.Server.Load.Made - before).Should().Be(1);
    }

    private static string WithoutLiveScript(string page)
    {
        LiveElement().Matches(page).Should().ContainSingle();
        page = LiveElement().Replace(page, "");
        return MetaPolicy().Replace(page, policy => policy.Value.Replace("; connect-src &#39;self&#39;", "")
            .Replace(LiveHashes().Match(policy.Value).Value, ""));
    }

    [GeneratedRegex("""<script data-stamp="[0-9a-f]+" data-events="/events[^"]*" data-token="[0-9a-f]{32}" data-stop="">.*?</script>\n""",
        RegexOptions.Singleline)]
    private static partial Regex LiveElement();

    [GeneratedRegex("""http-equiv="Content-Security-Policy" content="([^"]*)">""")]
    private static partial Regex MetaPolicy();

    // The hash of the page's own script comes first.
    [GeneratedRegex("(?<=script-src &#39;sha256-[A-Za-z0-9+/=]*&#39;)( &#39;sha256-[A-Za-z0-9+/=]*&#39;){2}")]
    private static partial Regex LiveHashes();
}
