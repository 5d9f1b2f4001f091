using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Cluster;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class ClusterVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private static readonly string[] Slurm = ["run", Smoke, "--launcher", "slurm"];

    private readonly LabFolder _lab = new();
    private readonly FakeScheduler _scheduler = new();

    public ClusterVerbTests()
    {
        _lab.Scheduler = _scheduler;
        _lab.Write("slurm.json", """{ "cpus": 2, "gpus": 0, "prologue": ["module load dotnet"], "stages": { "meanflow": { "partition": "gpu", "gpus": 1 } } }""");
    }

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Submitting_returns_with_queued_stages_and_jobs_then_give_the_results_of_a_local_run()
    {
        using var local = new LabFolder();
        local.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run(Slurm);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Error.Should().Contain("submitted: 24 stages as 24 jobs in").And.Contain("24 queued").And.Contain("pending (Priority)");
        _lab.Run("ls").Out.Should().Contain("queued").And.NotContain("interrupted");

        RunJobs();
        var status = _lab.Run("status", "smoke");

        status.Code.Should().Be(ExitCode.Ok, status.Error);
        status.Out.Should().Be("24 completed\n");
        Results(_lab).Should().Be(Results(local));
        _lab.Run("ls").Out.Should().Contain("completed");
        _lab.Run("report", "smoke", "--check").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void The_same_command_submits_only_what_is_neither_complete_nor_queued()
    {
        _lab.Run(Slurm);
        RunJobs(5);
        var calls = _scheduler.Calls;

        _lab.Run(Slurm).Error.Should().Contain("no job is needed");
        _scheduler.Calls.Should().Be(calls);

        _scheduler.Jobs.RemoveAt(_scheduler.Jobs.Count - 1);
        _lab.Run(Slurm).Error.Should().Contain("submitted: 1 stage as 1 job in 1 array");
        _scheduler.LastDependencies.Should().StartWith("afterok:");
    }

    [Fact]
    public void Waiting_follows_the_jobs_to_the_results()
    {
        _scheduler.Looked = () => RunJobs();

        var answer = _lab.Run([.. Slurm, "--wait", "--json"]);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        using var json = JsonDocument.Parse(answer.Out);
        json.RootElement.GetProperty("status").GetString().Should().Be("completed");
        json.RootElement.GetProperty("stages").GetProperty("computed").GetInt32().Should().Be(24);
        Ask(_lab, "select distinct status from stages").Should().Be("completed");
    }

    [Fact]
    public void A_failed_stage_is_reported_with_its_reason_and_its_users_are_skipped()
    {
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Kind == "cmt")
                throw new LabException("the file weights.bin is missing");
        };
        _lab.Run(Slurm);

        RunJobs(demanded: false);
        var status = _lab.Run("status", "smoke");

        status.Code.Should().Be(ExitCode.RunsFailed);
        status.Out.Should().MatchRegex(@"cmt +failed +the file weights.bin is missing").And.MatchRegex(@"meanflow mft +skipped +it needs cmt, which failed");
        Ask(_lab, "select reason from stages where kind = 'cmt'").Should().Be("the file weights.bin is missing");
        _lab.OnStage = null;
        _lab.Run(Slurm).Error.Should().Contain("submitted");
        RunJobs();
        _lab.Run("status", "smoke").Out.Should().Be("24 completed\n");
    }

    [Fact]
    public void A_dry_run_prints_the_scripts_and_changes_nothing()
    {
        var answer = _lab.Run([.. Slurm, "--dry-run"]);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().ContainAll(
            "#SBATCH --requeue", "#SBATCH --signal=B:TERM@", "#SBATCH --kill-on-invalid-dep=yes", "#SBATCH --open-mode=append", "#SBATCH --gres=gpu:1",
            "#SBATCH --partition=gpu", "module load dotnet\nexec ", "--dependency=afterok:$job0_0");
        _scheduler.Calls.Should().Be(0);
        _lab.Exists("data/store").Should().BeFalse();
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    [Fact]
    public void A_report_ingests_what_jobs_have_written()
    {
        _lab.Run(Slurm);
        RunJobs();

        _lab.Run("report", "smoke").Code.Should().Be(ExitCode.Ok);

        Ask(_lab, "select distinct status from stages").Should().Be("completed");
    }

    [Fact]
    public void Cancelling_cancels_the_open_jobs_of_the_experiment()
    {
        _lab.Run(Slurm);

        var answer = _lab.Run("cancel", Smoke);

        answer.Out.Should().Contain("cancelled 24 jobs");
        _scheduler.Jobs.Should().BeEmpty();
        _lab.Run("status", "smoke").Out.Should().StartWith("24 planned");
        _lab.Run("cancel", "unknown").Code.Should().Be(ExitCode.Environment);
    }

    [Theory]
    [InlineData("--fresh")]
    [InlineData("--fail-fast")]
    [InlineData("--no-wait")]
    public void Options_of_a_local_run_are_refused(string option)
    {
        var answer = _lab.Run([.. Slurm, option]);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain($"{option} cannot be combined with --launcher slurm");
    }

    [Fact]
    public void Options_of_jobs_need_a_scheduler()
    {
        var answer = _lab.Run(Smoke, "--wait");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().Contain("--wait needs --launcher slurm");
    }

    private void RunJobs(int most = int.MaxValue, bool demanded = true)
    {
        foreach (var job in _scheduler.Jobs.Take(most).ToList())
        {
            var file = _lab.At($"data/store/.jobs/{job.Comment}.json");
            var answer = _lab.Run("job", file, job.Index.ToString(CultureInfo.InvariantCulture));
            (answer.Code == ExitCode.Ok || !demanded).Should().BeTrue(answer.Error);
            _scheduler.Jobs.Remove(job);
        }
    }

    private static string Results(LabFolder lab) => Ask(lab, "select run, role, metric, value, low, high, device from evaluations where steps > 0 order by run, role, metric")
        + Ask(lab, "select stage, name, step, value from metrics order by stage, name, step");

    private static string Ask(LabFolder lab, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={lab.At("data/lab.db")};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
        return string.Join('\n', rows);
    }

    /// <summary>Keeps jobs waiting until a test runs them.</summary>
    private sealed class FakeScheduler : IJobScheduler
    {
        public List<QueuedJob> Jobs { get; } = [];

        public int Calls { get; private set; }

        public string LastDependencies { get; private set; } = "";

        public string Submit(string script, string dependencies)
        {
            Calls++;
            LastDependencies = dependencies;
            var comment = File.ReadLines(script).Single(line => line.StartsWith("#SBATCH --comment=", StringComparison.Ordinal)).Split('=')[1];
            Jobs.AddRange(JobFolder.Read(Path.ChangeExtension(script, ".json")).Tasks.Select(
                task => new QueuedJob($"{Calls}_{task.Index}", "PENDING", "Priority", comment)));
            return Calls.ToString(CultureInfo.InvariantCulture);
        }

        /// <summary>Called at each look at the queue.</summary>
        public Action? Looked { get; set; }

        public IReadOnlyList<QueuedJob> Queue()
        {
            Looked?.Invoke();
            return [.. Jobs];
        }

        public string? State(string job) => null;

        public bool Requeue(string job) => throw new LabException("not expected");

        public void Cancel(IReadOnlyList<string> jobs) => Jobs.RemoveAll(job => jobs.Contains(job.ArrayJob));
    }
}
