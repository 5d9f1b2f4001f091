using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A lab with two experiments that have run, and a server of its pages.</summary>
public sealed class ServedLab : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Exception> _complaints = [];
    private readonly Task _running;
    private int _lines;

    public ServedLab()
        : this(limits => limits)
    {
    }

    internal ServedLab(Func<ServerLimits, ServerLimits> limit)
    {
        Lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Lab.Write("experiments/other.json", File.ReadAllText(Lab.At("experiments/smoke.json")).Replace("\"lambda\": 1", "\"lambda\": 0.5"));
        Lab.Run("experiments/other.json").Code.Should().Be(ExitCode.Ok);
        Server = new(
            DatabaseFile,
            Store,
            0,
            limit(ServerLimits.Default),
            new RefreshPolicy(TimeSpan.FromMilliseconds(50), 100, TimeSpan.FromHours(1)),
            ProcessSignal.TryInterrupt,
            TimeProvider.System);
        _running = Server.Run(_complaints.Add, _stop.Token);
    }

    internal LabFolder Lab { get; } = new();

    internal LabServer Server { get; }

    public int Port => Server.Port;

    internal ArtifactStore Store => new(Lab.At("data/store"));

    /// <summary>What the server complained about; a test that expects something takes it away.</summary>
    public IList<Exception> Complaints => _complaints;

    public string DatabaseFile => Lab.At("data/lab.db");

    /// <summary>Writes another point of a curve of an experiment, as a run does.</summary>
    public void LogPoint(string experiment, string arm)
    {
        using var database = LabDatabase.OpenExisting(DatabaseFile);
        var record = new RunQueries(database).Experiment(experiment)!;
        var key = record.Runs.First(run => run.Arm == arm).Stages["meanflow"];
        var attempts = record.Stages.First(stage => stage.Key == key).Attempts.Count;
        using var log = new RunLog(database);
        var number = _lines == 0 ? attempts + 1 : attempts;
        JournalEvent[] events = _lines == 0
            ? [new StartedEvent(number, "here", 1, "", "cpu", 1), new ResumedEvent(20), Point()]
            : [Point()];
        log.Ingest(key, number, [.. events.Select(one => new JournalLine(++_lines, DateTimeOffset.UnixEpoch.AddSeconds(_lines), one))], ".");

        MetricsEvent Point() => new(20 + _lines, new Dictionary<string, double?> { ["loss"] = 1 });
    }

    /// <summary>Says that a stage of an experiment was interrupted.</summary>
    public void Interrupted(string experiment, string arm)
    {
        using var database = LabDatabase.OpenExisting(DatabaseFile);
        var record = new RunQueries(database).Experiment(experiment)!;
        using var log = new RunLog(database);
        log.Status(record.Runs.First(run => run.Arm == arm).Stages["meanflow"], StageStatus.Interrupted, "the run was interrupted");
    }

    public void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async Task Until(Func<bool> condition)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !condition(); await Task.Delay(10))
            waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _running.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue("the server ends when it is told to, whoever is connected");
        Server.Dispose();
        Lab.Dispose();
        _complaints.Should().BeEmpty();
    }
}
