using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Chaos;

/// <summary>
/// An experiment fails, is edited, loses a worker to SIGKILL and runs again, with real processes: history, page and SQL show all of it.
/// HistoryVerbTests covers the details with fake stages.
/// </summary>
public sealed class KilledHistoryTests
{
    private const string Experiment = "experiments/chaos.json";
    private const string Training = "\"meanflow\": { \"training\": { \"steps\": 60, ";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    public void A_worker_killed_by_the_system_appears_in_the_history_the_page_and_the_database()
    {
        Requires.Linux("signals and /proc");
        using var lab = new ChaosLab();
        var original = File.ReadAllText(lab.At(Experiment));
        original.Should().Contain(Training);
        // Every gradient is larger than this limit, so both trainings diverge.
        File.WriteAllText(lab.At(Experiment), original.Replace(Training, Training + "\"gradientNormLimit\": 1e-9, \"gradientNormSteps\": 2, "));
        End(lab.Start(), ExitCode.RunsFailed);

        File.WriteAllText(lab.At(Experiment), original);
        using (var run = lab.Start("--jobs", "1"))
        {
            KillTraining(run);
            End(run, ExitCode.Ok);
        }

        var before = (Page: lab.Report(), Attempts: lab.Ask("select count(*) from attempts"));
        End(lab.Start(), ExitCode.Ok);

        (lab.Report(), lab.Ask("select count(*) from attempts")).Should().Be(before, "the last run finds every stage complete");
        lab.Ask("select version, arm, status from version_runs order by version, arm").Should().Be(
            "1|mfd|diverged\n1|mft|diverged\n2|mfd|completed\n2|mft|completed");
        var killed = lab.Ask("select label from version_attempts where version = 2 and status = 'killed' and attempt = 1");
        killed.Should().StartWith("meanflow ");
        lab.Ask($"select attempt, status from version_attempts where version = 2 and label = '{killed}' order by attempt").Should().Be(
            "1|killed\n2|completed");
        var history = lab.Run("history", "chaos");
        history.Code.Should().Be(ExitCode.Ok, history.Error);
        history.Out.Should().MatchRegex(@"chaos@1: run 20[^\n]*\n +runs: 2 diverged\n").And.MatchRegex(@"meanflow\.training\.gradientNormLimit: 1[eE]-0?9 → 0\n")
            .And.MatchRegex(killed + @" +1 +killed, resumed +the worker was killed \(signal 9\)");
        File.ReadAllText(lab.At("reports/chaos.html")).Should().Contain("<h2>Earlier versions</h2>")
            .And.MatchRegex(killed + ", attempt 1: <span class=\"badge bad\">killed</span>");
    }

    private static void End(Process run, int code)
    {
        var answer = LabProcess.End(run);
        answer.Code.Should().Be(code, answer.Error);
    }

    /// <summary>Sends SIGKILL to the first worker that computes a stage of the kind meanflow and has started its journal.</summary>
    private static void KillTraining(Process run)
    {
        var since = Stopwatch.StartNew();
        while (since.Elapsed < Patience && !run.HasExited)
        {
            foreach (var worker in ChaosLab.Children(run))
            {
                if (Trains(worker))
                {
                    ChaosLab.Signal("-KILL", worker);
                    return;
                }
            }

            Thread.Sleep(TimeSpan.FromMilliseconds(10));
        }

        throw new TimeoutException("no worker trained a generator");
    }

    private static bool Trains(int worker)
    {
        try
        {
            // The last argument of a worker is the folder of its stage.
            var command = File.ReadAllText($"/proc/{worker.ToString(CultureInfo.InvariantCulture)}/cmdline").TrimEnd('\0').Split('\0');
            var folder = command[^1];
            return Path.IsPathRooted(folder) && Directory.GetFiles(folder, "journal.*.jsonl").Any(journal => new FileInfo(journal).Length > 0)
                && Regex.IsMatch(File.ReadAllText(Path.Combine(folder, "spec.json")), "\"kind\": ?\"meanflow\"");
        }
        catch (IOException)
        {
            // The worker or its folder is gone.
            return false;
        }
    }
}
