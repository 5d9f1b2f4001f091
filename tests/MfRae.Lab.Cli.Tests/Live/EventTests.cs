using System.Diagnostics;
using System.Text.Json;

namespace MfRae.Lab.Cli.Tests.Live;

public sealed class EventTests : IDisposable
{
    private const int MaxConnections = 60;
    private readonly ServedLab _served = new(limits => limits.MaxConcurrentConnections = MaxConnections);

    private int Port => _served.Port;

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task A_change_is_sent_to_the_viewers_of_the_page_that_changed()
    {
        using var viewer = await Viewer.Open(Port, "/events/other");
        using var index = await Viewer.Open(Port, "/events");
        using var unconcerned = await Viewer.Open(Port, "/events/smoke");
        var first = await viewer.Next();
        var list = await index.Next();
        await unconcerned.Next();
        var page = await Visit.Ask(Port, "/other.html");
        page.Body.Should().Contain($"data-stamp=\"{first}\"", "a page that is up to date does not fetch itself");

        _served.LogPoint("other", "mfd");

        var second = await viewer.Next();
        second.Should().NotBeNull().And.NotBe(first);
        (await index.Next()).Should().NotBeNull().And.NotBe(list);
        (await Visit.Ask(Port, "/other.html")).Body.Should().Contain($"data-stamp=\"{second}\"");
        (await unconcerned.Next(0.5)).Should().BeNull("its page has not changed");
    }

    [Fact]
    public async Task A_viewer_who_joins_after_a_change_gets_the_current_stamp()
    {
        await Visit.Ask(Port, "/other.html");
        _served.LogPoint("other", "mfd");

        using var viewer = await Viewer.Open(Port, "/events/other");

        var told = await viewer.Next();
        for (string page; !(page = (await Visit.Ask(Port, "/other.html")).Body).Contains($"data-stamp=\"{told}\"");)
            told = await viewer.Next();
        told.Should().NotBeNull();
    }

    [Fact]
    public async Task Fifty_viewers_get_the_same_stamps_and_free_their_connections_when_they_leave()
    {
        var viewers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Viewer.Open(Port, "/events/smoke")));
        var stamps = await Task.WhenAll(viewers.Select(viewer => viewer.Next()));
        stamps.Distinct().Should().ContainSingle().Which.Should().NotBeNull();
        _served.Server.Load.Open.Should().Be(50);
        (await Visit.Ask(Port, "/smoke.html")).Status.Should().Be(200, "waiting viewers do not block page requests");

        _served.LogPoint("smoke", "mfd");
        (await Task.WhenAll(viewers.Select(viewer => viewer.Next()))).Distinct().Should().ContainSingle().Which.Should().NotBe(stamps[0]);
        Array.ForEach(viewers, viewer => viewer.Dispose());

        await _served.Until(() => _served.Server.Load.Open == 0);
    }

    [Fact]
    public async Task Connections_above_the_limit_are_closed_and_existing_ones_stay()
    {
        var viewers = await Task.WhenAll(Enumerable.Range(0, MaxConnections).Select(_ => Viewer.Open(Port, "/events/smoke")));
        foreach (var viewer in viewers)
            (await viewer.Next()).Should().NotBeNull();

        (await Status()).Should().Be(0);
        (await Task.WhenAll(viewers.Select(viewer => viewer.NextEvent(default)))).Should().OnlyContain(next => next.Type == "heartbeat");

        Array.ForEach(viewers, viewer => viewer.Dispose());
        var status = 0;
        for (var waited = Stopwatch.StartNew(); status == 0 && waited.Elapsed < TimeSpan.FromSeconds(30); status = await Status())
            await Task.Delay(10);
        status.Should().Be(200);

        async Task<int> Status()
        {
            try
            {
                return (await Visit.Ask(Port, "/")).Status;
            }
            catch (IOException)
            {
                // The system may report a reset instead of the end of the stream.
                return 0;
            }
        }
    }

    [Fact]
    public async Task A_viewer_sees_the_progress_of_running_stages_until_they_end()
    {
        using var viewer = await Viewer.Open(Port, "/events/smoke");
        await viewer.Next();

        string progress;
        using (_served.Running("smoke", "mfd"))
        {
            progress = await Progress(viewer);
        }

        using var json = JsonDocument.Parse(progress);
        var all = json.RootElement.GetProperty("total").GetInt32();
        json.RootElement.GetProperty("done").GetInt32().Should().Be(all - 1);
        json.RootElement.GetProperty("stages").EnumerateArray().Should().ContainSingle().Which.ToString().Should().Be(
            """{"label":"meanflow mfd","share":0.25,"steps":"step 20/80","rate":"5.0/s","loss":"0.2500","left":"0:12"}""");
        (await Progress(viewer)).Should().BeEmpty("the process that computed the stage has left it");
    }

    private static async Task<string> Progress(Viewer viewer)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await viewer.NextEvent(limit.Token) is ("progress", var data))
                return data!;
        }
    }

    [Fact]
    public async Task A_viewer_gets_heartbeats_between_changes()
    {
        using var viewer = await Viewer.Open(Port, "/events/smoke");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        (await viewer.NextEvent(limit.Token)).Type.Should().Be("message");
        (await viewer.NextEvent(limit.Token)).Should().Be(("heartbeat", ""));
    }

    [Fact]
    public async Task An_error_is_reported_once_and_sent_to_viewers_until_it_is_gone()
    {
        using var viewer = await Viewer.Open(Port, "/events/smoke");
        var first = await viewer.Next();

        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE attempt RENAME TO hidden");

        (await viewer.Next()).Should().Contain("no such table");
        await _served.Until(() => _served.Errors.Count > 0);
        await Task.Delay(300);
        _served.Errors.Should().ContainSingle("it is the same error each time").Which.Message.Should().Contain("no such table");
        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE hidden RENAME TO attempt");
        (await viewer.Next()).Should().Be("live");
        _served.LogPoint("smoke", "mfd");
        (await viewer.Next()).Should().NotBeNull().And.NotBe(first);
        _served.Errors.Clear();
    }

    [Fact]
    public async Task A_removed_experiment_has_no_page()
    {
        (await Visit.Ask(Port, "/smoke.html")).Status.Should().Be(200);
        _served.Lab.Run("rm", "other").Code.Should().Be(ExitCode.Ok);

        await Task.Delay(100);

        (await Visit.Ask(Port, "/other.html")).Status.Should().Be(404);
        (await Visit.Ask(Port, "/")).Body.Should().NotContain("other.html");
    }
}
