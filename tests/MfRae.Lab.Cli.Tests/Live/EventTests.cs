namespace MfRae.Lab.Cli.Tests.Live;

public sealed class EventTests : IDisposable
{
    private readonly ServedLab _served = new(limits => limits with { Connections = 60, Heartbeat = TimeSpan.FromMilliseconds(200) });

    private int Port => _served.Port;

    public void Dispose() => _served.Dispose();

    [Fact]
    public async Task A_change_is_told_to_who_watches_what_changed()
    {
        using var viewer = await Viewer.Open(Port, "/events/other");
        using var index = await Viewer.Open(Port, "/events");
        using var unconcerned = await Viewer.Open(Port, "/events/smoke");
        var first = await viewer.Next();
        var list = await index.Next();
        await unconcerned.Next();
        var page = await Visit.Ask(Port, "/other.html");
        page.Body.Should().Contain($"data-stamp=\"{first}\"", "a page that shows what there is need not ask again");

        _served.LogPoint("other", "mfd");

        var second = await viewer.Next();
        second.Should().NotBeNull().And.NotBe(first);
        (await index.Next()).Should().NotBeNull().And.NotBe(list);
        (await Visit.Ask(Port, "/other.html")).Body.Should().Contain($"data-stamp=\"{second}\"");
        (await unconcerned.Next(0.5)).Should().BeNull("nothing of it has changed");
    }

    [Fact]
    public async Task A_viewer_who_joins_after_a_change_is_told_what_there_is()
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
    public async Task Viewers_that_leave_free_their_places()
    {
        var viewers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Viewer.Open(Port, "/events/smoke")));
        var stamps = await Task.WhenAll(viewers.Select(viewer => viewer.Next()));
        stamps.Distinct().Should().ContainSingle().Which.Should().NotBeNull();
        _served.Server.Load.Open.Should().Be(50);
        (await Visit.Ask(Port, "/smoke.html")).Status.Should().Be(200, "viewers who wait keep nobody from the pages");

        _served.LogPoint("smoke", "mfd");
        (await Task.WhenAll(viewers.Select(viewer => viewer.Next()))).Distinct().Should().ContainSingle().Which.Should().NotBe(stamps[0]);
        Array.ForEach(viewers, viewer => viewer.Dispose());

        await _served.Until(() => _served.Server.Load is { Open: 0, Watched: 0 });
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_the_others_stay()
    {
        var idle = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Visit.Connect(Port)));
        await _served.Until(() => _served.Server.Load.Open == 60);

        var refused = async () => (await Visit.Ask(Port, "/")).Status;
        try
        {
            (await refused()).Should().Be(0);
        }
        catch (IOException)
        {
            // The system may report the closing instead of an end.
        }

        Array.ForEach(idle, client => client.Dispose());
        await _served.Until(() => _served.Server.Load.Open == 0);
        (await Visit.Ask(Port, "/")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Whatever_goes_wrong_is_reported_and_told_to_viewers_and_the_feed_goes_on()
    {
        using var viewer = await Viewer.Open(Port, "/events/smoke");
        var first = await viewer.Next();

        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE attempt RENAME TO hidden");

        (await viewer.Next()).Should().Contain("no such table");
        await _served.Until(() => _served.Complaints.Count > 0);
        await Task.Delay(300);
        _served.Complaints.Should().ContainSingle("it is the same each time").Which.Message.Should().Contain("no such table");
        _served.Execute("PRAGMA legacy_alter_table = ON; ALTER TABLE hidden RENAME TO attempt");
        (await viewer.Next()).Should().Be("live");
        _served.LogPoint("smoke", "mfd");
        (await viewer.Next()).Should().NotBeNull().And.NotBe(first);
        _served.Complaints.Clear();
    }

    [Fact]
    public async Task An_experiment_that_is_removed_is_gone()
    {
        (await Visit.Ask(Port, "/smoke.html")).Status.Should().Be(200);
        _served.Lab.Run("rm", "other").Code.Should().Be(ExitCode.Ok);

        await Task.Delay(100);

        (await Visit.Ask(Port, "/other.html")).Status.Should().Be(404);
        (await Visit.Ask(Port, "/")).Body.Should().NotContain("other.html");
    }
}
