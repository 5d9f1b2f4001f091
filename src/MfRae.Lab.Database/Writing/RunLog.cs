using System.Runtime.ExceptionServices;
using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Writing;

/// <summary>The only writer of the database. It may be called from several threads; each call is one transaction.</summary>
public sealed class RunLog : IRunLog, IDisposable
{
    private readonly LabDatabase _database;
    private readonly PlanRecord? _noted;
    private Plan? _open;

    // A database that was held too long ends the run. To wait as long again for each word about that would help nobody.
    private StoreLockedException? _fault;

    /// <param name="database">Stays the caller's: it is not closed with the log.</param>
    /// <param name="noted">What the store noted of the run: when it began. Null: times are not recorded.</param>
    /// <exception cref="LabException">The database can only be read.</exception>
    public RunLog(LabDatabase database, PlanRecord? noted = null)
    {
        if (database.IsReadOnly)
        {
            throw new LabException(database.Notice ?? $"{database.Path} was opened for reading only");
        }

        this._database = database;
        this._noted = noted;
    }

    public void Notice(string text)
    {
        // Not of any run, so no part of the record.
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        Write(writer => new PlanWriter(writer).Write(
            PlanRecord.Of(plan, _noted?.Begun ?? default) with { FirstBegun = _noted?.FirstBegun }, cached));
        _open = plan;
    }

    public void Status(string stageKey, StageStatus status, string? reason = null) => Write(writer =>
    {
        var name = status.Name();
        var known = writer.Execute(
            "UPDATE stage SET status = @name, reason = @reason WHERE key = @stageKey", new { name, reason, stageKey });
        if (known == 0)
        {
            throw new InvalidOperationException($"the stage {stageKey} is in no plan that was begun");
        }

        if (status is not (StageStatus.Planned or StageStatus.Queued or StageStatus.Running))
        {
            // A worker that was killed could not say how it ended.
            writer.Execute("UPDATE attempt SET status = @name WHERE stage = @stageKey AND status = 'running'", new { name, stageKey });
        }
    });

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        if (lines.Count > 0)
        {
            Write(writer => new JournalWriter(writer, stageKey, attempt, folder).Write(lines));
        }
    }

    public void End(Plan plan)
    {
        Write(writer => new PlanWriter(writer).Close(plan.Experiment.Name, plan.Hash));
        _open = null;
    }

    /// <summary>A plan that was begun and not ended is closed: nothing of it stays `running`.</summary>
    public void Dispose()
    {
        if (_open is not { } plan)
        {
            return;
        }

        try
        {
            End(plan);
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            // What kept the run from ending is being told already; the next run puts the states right.
        }
    }

    /// <summary>As <see cref="Ingest"/>, for a rebuild: the identity of measurements of earlier versions waits for <see cref="Identify"/>.</summary>
    internal void IngestAlone(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        if (lines.Count > 0)
        {
            Write(writer => new JournalWriter(writer, stageKey, attempt, folder, completes: false).Write(lines));
        }
    }

    /// <summary>Completes the identity of measurements of earlier versions, once every stage and attempt is known.</summary>
    internal void Identify() => Write(writer => new IdentityWriter(writer).CompleteAll());

    /// <summary>A plan as it was noted, for a database that is rebuilt.</summary>
    internal void Begin(PlanRecord plan, IReadOnlySet<string> cached) => Write(writer => new PlanWriter(writer).Write(plan, cached));

    /// <summary>Nothing of it stays queued or running.</summary>
    internal void Close(PlanRecord plan) => Write(writer => new PlanWriter(writer).Close(plan.Name, plan.Hash));

    /// <summary>Where stages stand, by key.</summary>
    internal void States(IReadOnlyDictionary<string, (string Status, string? Reason)> states) => Write(writer => writer.Execute(
        "UPDATE stage SET status = @Status, reason = @Reason WHERE key = @Key",
        states.Select(state => new { state.Key, state.Value.Status, state.Value.Reason })));

    private void Write(Action<Writer> work)
    {
        if (_fault is not null)
        {
            ExceptionDispatchInfo.Throw(_fault);
        }

        try
        {
            _database.Write(work);
        }
        catch (StoreLockedException error)
        {
            _fault = error;
            throw;
        }
    }
}

/// <summary>A connection inside its transaction, so that no statement can forget the transaction.</summary>
internal sealed record Writer(SqliteConnection Connection, SqliteTransaction Transaction)
{
    /// <returns>The number of rows that changed. A list of parameters runs the statement once for each.</returns>
    public int Execute(string sql, object? parameters = null) => Connection.Execute(sql, parameters, Transaction);

    public T? Scalar<T>(string sql, object? parameters = null) => Connection.ExecuteScalar<T>(sql, parameters, Transaction);

    public IEnumerable<T> Query<T>(string sql, object? parameters = null) => Connection.Query<T>(sql, parameters, Transaction);
}
