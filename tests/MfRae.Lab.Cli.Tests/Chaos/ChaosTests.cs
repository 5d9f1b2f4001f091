using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Chaos;

/// <summary>
/// Kills coordinators and workers at random moments, and runs the same command again each time. README.md in this folder describes how
/// to run with more kills, and the results.
/// </summary>
public sealed class ChaosTests(CalmRun calm, ITestOutputHelper output) : IClassFixture<CalmRun>
{
    private static readonly int Kills = int.TryParse(
        Environment.GetEnvironmentVariable("MFRAE_CHAOS"), NumberStyles.None, CultureInfo.InvariantCulture, out var kills) ? kills : 6;

    private readonly Random _random = new(17);
    private readonly Dictionary<string, int> _told = [];

    [Fact]
    public void A_run_that_is_killed_repeatedly_ends_with_the_same_report()
    {
        Requires.Linux("signals and /proc");
        var left = Kills;
        var lives = 0;
        while (left > 0)
        {
            lives++;
            using var lab = new ChaosLab();
            while (left > 0 && Torment(lab, ref left) != ExitCode.Ok)
            {
                // It may have been killed before there was a database.
                if (File.Exists(lab.At("lab.db")))
                    lab.Ask("pragma integrity_check").Should().Be("ok");
            }

            using (var last = lab.Start())
            {
                var answer = LabProcess.End(last);
                answer.Code.Should().Be(ExitCode.Ok, answer.Error);
            }

            lab.Ask("pragma integrity_check").Should().Be("ok");
            lab.Ask("select distinct status from stages").Should().Be("completed");
            lab.Ask("select count(*) from attempts where status = 'running'").Should().Be("0");
            lab.Files().Should().Equal(calm.Files);
            lab.Report().Should().Be(calm.Report);
            lab.Run("report", "chaos", "--check").Code.Should().Be(ExitCode.Ok);
            lab.Run("verify", "chaos").Code.Should().Be(ExitCode.Ok);
            Count("attempts", int.Parse(lab.Ask("select count(*) from attempts"), CultureInfo.InvariantCulture));
            Count("resumed from a checkpoint", int.Parse(
                lab.Ask("select count(*) from attempts where resumed_from > 0"), CultureInfo.InvariantCulture));
        }

        output.WriteLine($"{Kills} kills in {lives} lives of the experiment: "
            + string.Join(", ", _told.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}")));
    }

    [Fact]
    public async Task Two_runs_that_start_together_compute_every_stage_once()
    {
        Requires.Linux("signals and /proc");
        using var lab = new ChaosLab();
        using var first = lab.Start();
        using var second = lab.Start();

        var answers = await Task.WhenAll(Task.Run(() => LabProcess.End(first)), Task.Run(() => LabProcess.End(second)));

        answers.Should().OnlyContain(answer => answer.Code == ExitCode.Ok);
        answers.Should().ContainSingle(answer => answer.Error.Contains("waiting for it to end"));
        lab.Ask("select max(attempts), min(attempts) from costs").Should().Be("1|1");
        lab.Store.PartialKeys().Should().BeEmpty();
        lab.Report().Should().Be(calm.Report, "concurrent stages have the same results as sequential ones");
        lab.Files().Should().Equal(calm.Files);
    }

    /// <summary>One run, with signals until it ends. Returns how it ended.</summary>
    private int Torment(ChaosLab lab, ref int left)
    {
        using var run = lab.Start();
        var end = Task.Run(() => LabProcess.End(run));
        while (left > 0)
        {
            if (end.Wait(TimeSpan.FromMilliseconds(_random.Next(4000))))
                break;
            left--;
            if (left % 5 == 0)
            {
                Count("SIGINT to the coordinator");
                ChaosLab.Signal("-INT", run.Id);
                break;
            }

            if (_random.Next(2) == 0 && ChaosLab.Children(run) is { Length: > 0 } workers)
            {
                Count("SIGKILL to a worker");
                ChaosLab.Signal("-KILL", workers[_random.Next(workers.Length)]);
                continue;
            }

            Count("SIGKILL to the coordinator");
            ChaosLab.Signal("-KILL", run.Id);
            break;
        }

        var answer = end.GetAwaiter().GetResult();
        // 1: a stage whose worker was killed twice has no result in this run.
        new[] { ExitCode.Ok, ExitCode.RunsFailed, ExitCode.Interrupted, 128 + 9 }.Should().Contain(answer.Code, answer.Error);
        answer.Error.Should().NotContain("   at ", "no exception is to reach the user");
        Count($"ended with exit code {answer.Code}");
        return answer.Code;
    }

    private void Count(string what, int number = 1) => _told[what] = _told.GetValueOrDefault(what) + number;
}
