using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>A lab with two completed experiments, and a server of its pages.</summary>
public sealed class ServedLab : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Exception> _errors = [];
    private readonly Task _running;
    private int _lines;

    public ServedLab()
        : this(null)
    {
    }

    internal ServedLab(Action<KestrelServerLimits>? limit)
    {
        Lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Lab.Write("experiments/other.json", File.ReadAllText(Lab.At("experiments/smoke.json")).Replace("\"lambda\": 1", "\"lambda\": 0.5"));
        Lab.Run("experiments/other.json").Code.Should().Be(ExitCode.Ok);
        Server = new(
            DatabaseFile,
            Store,
            0,
            new RefreshPolicy(TimeSpan.FromMilliseconds(50), 100, TimeSpan.FromHours(1)) { Heartbeat = TimeSpan.FromMilliseconds(200) },
            ProcessSignal.TryInterrupt,
            _errors.Add,
            TimeProvider.System,
            limit);
        _running = Server.Run(_stop.Token);
    }

    internal LabFolder Lab { get; } = new();

    internal LabServer Server { get; }

    public int Port => Server.Port;

    internal ArtifactStore Store => new(Lab.At("data/store"));

    /// <summary>Errors that the server reported. A test that expects errors clears the list.</summary>
    public IList<Exception> Errors => _errors;

    public string DatabaseFile => Lab.At("data/lab.db");

    /// <summary>Adds a point to a curve of an experiment, as a run does.</summary>
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

    /// <summary>Lets this process compute the MeanFlow stage of an arm again: it is at step 20 of 80, after five steps a second.</summary>
    /// <returns>The lease; its end is the end of the work.</returns>
    internal StageLeases Running(string experiment, string arm)
    {
        using var database = LabDatabase.OpenExisting(DatabaseFile);
        var (stage, _) = new RunQueries(database).StageStates(experiment).First(state => state.Stage.Label == $"meanflow {arm}");
        var lease = StageLeases.TryAcquire(Store, [stage.Node()!], TimeProvider.System, experiment)!;
        JournalEvent[] events =
        [
            new StartedEvent(2, "here", 1, "", "cpu", 1), new ProgressEvent(10, 80, "step"),
            new MetricsEvent(20, new Dictionary<string, double?> { ["loss"] = 0.25 }), new ProgressEvent(20, 80, "step"),
        ];
        var lines = events.Select((one, i) => new JournalLine(i + 1, DateTimeOffset.UnixEpoch.AddSeconds(i), one));
        File.WriteAllLines(
            Path.Combine(Store.Find(stage.Key)!, JournalFile.NameOf(2)), lines.Select(line => JsonSerializer.Serialize(line, LabJson.Default.JournalLine)));
        using var log = new RunLog(database);
        log.Status(stage.Key, StageStatus.Running);
        return lease;
    }

    /// <summary>Marks a stage of an experiment as interrupted.</summary>
    public void Interrupted(string experiment, string arm)
    {
        using var database = LabDatabase.OpenExisting(DatabaseFile);
        var record = new RunQueries(database).Experiment(experiment)!;
        using var log = new RunLog(database);
        log.Status(record.Runs.First(run => run.Arm == arm).Stages["meanflow"], StageStatus.Interrupted, "the run was interrupted");
    }

    /// <summary>Makes images so large that pages link to them, and returns the address of one on the page of an experiment.</summary>
    /// <param name="size">Bytes of the image, more than a page holds.</param>
    public async Task<string> LinkImage(string experiment, int size)
    {
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', .. new byte[size - 4]];
        Execute("UPDATE image SET png = $png WHERE name = 'samples@1'", ("$png", png)).Should().BePositive();
        var page = (await Visit.Ask(Port, $"/{experiment}.html")).Body;
        return "/" + Regex.Match(page, $"href=\"({experiment}\\.images/[0-9a-f]+\\.png)\"").Groups[1].Value;
    }

    public int Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command.ExecuteNonQuery();
    }

    public async Task Until(Func<bool> condition)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !condition(); await Task.Delay(10))
            waited.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _running.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue("open connections do not keep the server from stopping");
        Server.Dispose();
        Lab.Dispose();
        _errors.Should().BeEmpty();
    }
}
