using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Chaos;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>The stop button of a page.</summary>
public sealed class StopTests : IDisposable
{
    private readonly ServedLab _served = new();
    private readonly List<Process> _children = [];

    private string Right => $"Origin: http://127.0.0.1:{_served.Port}\r\nX-Token: {_served.Server.Token}\r\nContent-Length: 0\r\n";

    public void Dispose()
    {
        foreach (var child in _children)
        {
            if (!child.HasExited)
                child.Kill();
            child.Dispose();
        }

        _served.Dispose();
    }

    [Fact]
    public async Task Only_the_coordinator_of_the_experiment_is_interrupted_and_only_once()
    {
        Requires.Linux("signals and /proc");
        var mine = Coordinator("smoke");
        var other = Coordinator("other");
        _served.LogPoint("smoke", "mfd");
        (await Visit.Ask(_served.Port, "/smoke.html")).Body.Should().Contain("data-stop=\"/stop/smoke\"");

        var first = await Stop(Right);
        var second = await Stop(Right);

        first.Status.Should().Be(200);
        first.Body.Should().Contain($"process {mine.Id}");
        second.Status.Should().Be(409, "a second signal would kill the process while it writes its checkpoint");
        mine.WaitForExit(60_000).Should().BeTrue();
        mine.ExitCode.Should().Be(128 + 2, "the signal is SIGINT");
        other.HasExited.Should().BeFalse();
    }

    [Theory]
    [InlineData("Origin: ORIGIN\r\n")]
    [InlineData("Origin: ORIGIN\r\nX-Token:\r\n")]
    [InlineData("Origin: ORIGIN\r\nX-Token: 00000000000000000000000000000000\r\n")]
    [InlineData("Origin: ORIGIN\r\nX-Token: TOKENx\r\n")]
    [InlineData("X-Token: TOKEN\r\n")]
    [InlineData("Origin: http://evil.example\r\nX-Token: TOKEN\r\n")]
    [InlineData("Origin: null\r\nX-Token: TOKEN\r\n")]
    [InlineData("Origin: ORIGIN\r\nX-Token: TOKEN\r\nSec-Fetch-Site: cross-site\r\n")]
    [InlineData("Origin: ORIGIN\r\nX-Token: TOKEN\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")]
    public async Task A_stop_without_the_token_or_from_another_site_is_refused(string headers)
    {
        Requires.Linux("signals and /proc");
        var child = Coordinator("smoke");

        var answer = await Stop(headers.Replace("ORIGIN", $"http://127.0.0.1:{_served.Port}").Replace("TOKEN", _served.Server.Token));

        answer.Status.Should().Be(403);
        child.HasExited.Should().BeFalse();
    }

    [Fact]
    public async Task A_process_that_reuses_the_id_of_the_coordinator_is_not_interrupted()
    {
        Requires.Linux("signals and /proc");
        var child = Coordinator("smoke", started: "1");

        var answer = await Stop(Right);

        answer.Status.Should().Be(409);
        child.HasExited.Should().BeFalse();
        (await Visit.Ask(_served.Port, "/smoke.html")).Body.Should().Contain("data-stop=\"\"");
    }

    private Task<Visit> Stop(string headers) => Visit.Ask(_served.Port, "/stop/smoke", "POST", headers);

    /// <summary>A process that waits, and holds the lease of a stage for the experiment.</summary>
    private Process Coordinator(string experiment, string? started = null)
    {
        var child = Process.Start(LabProcess.HeedsInterrupts[0], [.. LabProcess.HeedsInterrupts[1..], "sleep", "300"]);
        _children.Add(child);
        using var database = LabDatabase.OpenReadOnly(_served.DatabaseFile);
        var stages = new RunQueries(database).Experiment(experiment)!.Stages;
        var key = stages.Select(stage => stage.Key).First(key => !File.Exists(LeaseOf(key)));
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{child.Id}/stat"));
        var owner = ProcessIdentity.Current() with
        {
            Pid = child.Id,
            Started = started ?? stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19],
        };
        File.WriteAllText(LeaseOf(key), JsonSerializer.Serialize(new Lease(owner, "token", experiment), LabJson.Default.Lease));
        return child;
    }

    private string LeaseOf(string key) => Path.Combine(_served.Store.Root, ".locks", key + ".lease.json");
}
