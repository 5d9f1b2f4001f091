using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console.Testing;

namespace MfRae.Lab.Cli.Tests.Progress;

public sealed class ConsoleRunLogTests
{
    private readonly FakeTimeProvider _time = new(Plans.Start);
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void Lines_report_each_change_of_state_with_the_elapsed_time()
    {
        using var log = Plain();
        log.Begin(Plans.Of("dataset", "encoder", "teacher"), new HashSet<string> { "dataset" });
        log.Status("encoder", StageStatus.Queued);
        log.Status("encoder", StageStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(65));
        log.Status("encoder", StageStatus.Completed);

        Lines().Should().Equal("[0:00] 1 of 3 stages reused", "[0:00] encoder running", "[1:05] encoder completed in 1:05 (2/3)");
        _output.ToString().Should().BeEmpty("progress goes to stderr");
    }

    [Fact]
    public void The_restart_of_a_killed_worker_is_reported_with_its_reason()
    {
        using var log = Plain();
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Queued);
        log.Status("teacher", StageStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(20));
        log.Status("teacher", StageStatus.Queued, "the worker was ended by signal 9; trying once more from its last checkpoint");
        log.Status("teacher", StageStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(10));
        log.Status("teacher", StageStatus.Completed);

        Lines().Should().Equal(
            "[0:00] teacher running",
            "[0:20] teacher: the worker was ended by signal 9; trying once more from its last checkpoint",
            "[0:20] teacher running",
            "[0:30] teacher completed in 0:30 (1/1)");
    }

    [Fact]
    public void The_reason_why_a_queued_stage_waits_is_reported()
    {
        using var log = Plain();
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Queued);
        log.Status("teacher", StageStatus.Queued, "waiting for the worker of an earlier run to end");

        Lines().Should().Equal("[0:00] teacher: waiting for the worker of an earlier run to end");
    }

    [Fact]
    public void A_repeated_state_is_one_line()
    {
        using var log = Plain();
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Running);
        log.Status("teacher", StageStatus.Running);

        Lines().Should().ContainSingle();
    }

    [Fact]
    public void Thirty_seconds_of_progress_are_one_line()
    {
        using var log = Plain();
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Running);
        for (var second = 1; second <= 60; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            log.Ingest("teacher", 1, [Plans.Line(second, second, new ProgressEvent(second * 10, 1000, "step"))], "folder");
        }

        Lines().Skip(1)
            .Should().Equal("[0:30] teacher: step 300/1000, 10.0/s, left 1:10", "[1:00] teacher: step 600/1000, 10.0/s, left 0:40");
    }

    [Fact]
    public void Progress_of_a_training_shows_samples_per_second()
    {
        using var log = Plain();
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Running);
        for (var second = 1; second <= 30; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            log.Ingest("teacher", 1, [Plans.Line(second, second, new ProgressEvent(second * 10, 1000, "step", Samples: 64))], "folder");
        }

        Lines().Skip(1).Should().Equal("[0:30] teacher: step 300/1000, 10.0/s, 640 samples/s, left 1:10");
    }

    [Fact]
    public void Quiet_omits_progress_and_keeps_state_changes()
    {
        using var log = Plain(quiet: true);
        log.Begin(Plans.Of("teacher"), new HashSet<string>());
        log.Status("teacher", StageStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(100));
        log.Ingest("teacher", 1, [Plans.Line(1, 1, new ProgressEvent(10, 1000, "step"))], "folder");

        Lines().Should().Equal("[0:00] teacher running");
    }

    [Fact]
    public void A_failure_is_reported_immediately_and_again_at_the_end()
    {
        var plan = Plans.Of("cmt", "meanflow");
        using var log = Plain();
        log.Begin(plan, new HashSet<string>());
        log.Status("cmt", StageStatus.Running);
        log.Ingest("cmt", 3, [], "here");
        log.Status("cmt", StageStatus.Failed, "exit code 134");
        log.Status("meanflow", StageStatus.Skipped, "cmt failed");

        Lines().Should().ContainInOrder("[0:00] cmt failed: exit code 134", "  log: cmt/worker.3.log");
        var before = Lines().Count;
        log.End(plan);
        var table = string.Join('\n', Lines().Skip(before));
        table.Should().ContainAll("stages without a result", "cmt       failed   exit code 134", "meanflow  skipped  cmt failed");
    }

    [Fact]
    public void A_terminal_shows_a_table_with_failures_above_it()
    {
        using var console = new TestConsole().Width(100).Interactive();
        var plan = Plans.Of("dataset", "cmt");
        using (var log = new ConsoleRunLog(new Terminal(_output, _error, console), _time, quiet: false, NoLog))
        {
            log.Begin(plan, new HashSet<string> { "dataset" });
            log.Status("cmt", StageStatus.Running);
            log.Status("cmt", StageStatus.Failed, "out of memory");
            log.End(plan);
        }

        console.Output.Should().ContainAll("1 stage reused", "cmt failed: out of memory", "stages without a result");
        _error.ToString().Should().BeEmpty();
        _output.ToString().Should().BeEmpty();
    }

    [Fact]
    public void A_path_longer_than_the_terminal_is_not_broken()
    {
        var path = "/data/" + string.Concat(Enumerable.Repeat("folder/", 12)) + "worker.1.log";
        using var console = new TestConsole().Width(40).Interactive();
        var plan = Plans.Of("cmt");
        using (var log = new ConsoleRunLog(new Terminal(_output, _error, console), _time, quiet: false, (_, _) => path))
        {
            log.Begin(plan, new HashSet<string>());
            log.Status("cmt", StageStatus.Running);
            log.Status("cmt", StageStatus.Failed, "out of memory");
            log.End(plan);
        }

        console.Output.Should().Contain(path);
    }

    private ConsoleRunLog Plain(bool quiet = false) =>
        new(new Terminal(_output, _error, null), _time, quiet, (key, attempt) => key == "cmt" ? $"cmt/worker.{attempt}.log" : null);

    private static string? NoLog(string key, int attempt) => null;

    private List<string> Lines() => [.. _error.ToString().Split(Environment.NewLine).Where(line => line.Length > 0)];
}
