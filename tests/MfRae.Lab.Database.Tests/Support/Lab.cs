using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;

namespace MfRae.Lab.Database.Tests.Support;

/// <summary>A database in a separate folder, with a log and queries.</summary>
internal sealed class Lab : IDisposable
{
    private LabDatabase _database;

    public Lab()
    {
        Folder = Directory.CreateTempSubdirectory("lab-").FullName;
        _database = LabDatabase.OpenOrCreate(Path);
        Log = new RunLog(_database);
        Queries = new RunQueries(_database);
    }

    public string Folder { get; }

    public string Path => System.IO.Path.Combine(Folder, "data", "lab.db");

    public RunLog Log { get; private set; }

    public RunQueries Queries { get; private set; }

    public void Begin(Plan plan, params string[] cached) => Log.Begin(plan, cached.ToHashSet());

    public void Tell(string stage, int attempt, params JournalEvent[] events) =>
        Log.Ingest(stage, attempt, Journal.Of(attempt, events), Folder);

    /// <summary>Simulates a killed process: opens the database again without ending the log.</summary>
    public void Reopen()
    {
        _database.Dispose();
        _database = LabDatabase.OpenOrCreate(Path);
        Log = new RunLog(_database);
        Queries = new RunQueries(_database);
    }

    public IReadOnlyList<IReadOnlyList<object?>> Rows(string sql) => Queries.Query(sql).Rows;

    public object? Scalar(string sql) => Rows(sql).Single().Single();

    public IReadOnlyList<SeriesRecord> Curves(string experiment, string stage) =>
        Queries.Experiment(experiment)!.Stages.Single(s => s.Key == stage).Series;

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
