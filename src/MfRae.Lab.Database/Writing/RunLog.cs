using System.Runtime.ExceptionServices;
using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Writing;

/// <summary>The only writer of the database. Thread-safe; each call is one transaction.</summary>
public sealed class RunLog : IRunLog, IDisposable
{
    private readonly LabDatabase _database;
    private readonly PlanRecord? _noted;
    private Plan? _open;

    // A database that stays locked ends the run. Waiting as long again for each message about it would not help.
    private StoreLockedException? _fault;

    /// <summary>Creates the writer.</summary>
    /// <param name="database">The database, which the caller closes.</param>
    /// <param name="noted">The store's record of the run, with its start; null to record no times.</param>
    /// <exception cref="LabException">The database is read-only.</exception>
    public RunLog(LabDatabase database, PlanRecord? noted = null)
    {
        if (database.IsReadOnly)
        {
            throw new LabException(database.Notice ?? $"{database.Path}: the database was opened for reading only");
        }

        _database = database;
        _noted = noted;
    }

    /// <inheritdoc/>
    public void Notice(string text)
    {
        // Not part of any run, so not recorded.
    }

    /// <inheritdoc/>
    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        Write(writer => new PlanWriter(writer).Write(
            PlanRecord.Of(plan, _noted?.Begun ?? default) with { FirstBegun = _noted?.FirstBegun }, cached));
        _open = plan;
    }

    /// <inheritdoc/>
    public void Status(string stageKey, StageStatus status, string? reason = null) => Write(writer =>
    {
        var name = status.Name();
        var known = writer.Execute(
            "UPDATE stage SET status = @name, reason = @reason WHERE key = @stageKey", new { name, reason, stageKey });
        if (known == 0)
        {
            throw new InvalidOperationException($"no started plan contains the stage {stageKey}");
        }

        if (status is not (StageStatus.Planned or StageStatus.Queued or StageStatus.Running))
        {
            // A killed worker cannot report its end.
            writer.Execute("UPDATE attempt SET status = @name WHERE stage = @stageKey AND status = 'running'", new { name, stageKey });
        }
    });

    /// <inheritdoc/>
    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        if (lines.Count > 0)
        {
            Write(writer => new JournalWriter(writer, stageKey, attempt, folder).Write(lines));
        }
    }

    /// <inheritdoc/>
    public void End(Plan plan)
    {
        Write(writer => new PlanWriter(writer).Close(plan.Experiment.Name, plan.Hash));
        _open = null;
    }

    /// <summary>Ends a plan that was started and not ended, so that none of its stages stays `running`.</summary>
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
            // The error that ended the run is already reported; the next run corrects the states.
        }
    }

    /// <summary>Leaves a plan that was started: jobs continue to compute its queued and running stages, so their states stay.</summary>
    public void Leave() => _open = null;

    /// <summary>As <see cref="Ingest"/>, for a rebuild: <see cref="Identify"/> completes the identity of measurements from earlier versions later.</summary>
    internal void IngestAlone(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        if (lines.Count > 0)
        {
            Write(writer => new JournalWriter(writer, stageKey, attempt, folder, completes: false).Write(lines));
        }
    }

    /// <summary>Completes the identity of measurements from earlier versions when every stage and attempt is known.</summary>
    internal void Identify() => Write(writer => new IdentityWriter(writer).CompleteAll());

    /// <summary>Writes a plan from a record of the store.</summary>
    /// <param name="plan">The record.</param>
    /// <param name="cached">The keys of the stages that are complete.</param>
    public void Begin(PlanRecord plan, IReadOnlySet<string> cached) => Write(writer => new PlanWriter(writer).Write(plan, cached));

    /// <summary>Ends a plan: none of its stages stays queued or running.</summary>
    internal void Close(PlanRecord plan) => Write(writer => new PlanWriter(writer).Close(plan.Name, plan.Hash));

    /// <summary>Writes the states of stages, by key.</summary>
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

/// <summary>A connection with its transaction, so that no statement can omit the transaction.</summary>
internal sealed record Writer(SqliteConnection Connection, SqliteTransaction Transaction)
{
    /// <summary>Runs a statement, once for each element if the parameters are a list.</summary>
    /// <returns>The number of changed rows.</returns>
    public int Execute(string sql, object? parameters = null) => Connection.Execute(sql, parameters, Transaction);

    public T? Scalar<T>(string sql, object? parameters = null) => Connection.ExecuteScalar<T>(sql, parameters, Transaction);

    public IEnumerable<T> Query<T>(string sql, object? parameters = null) => Connection.Query<T>(sql, parameters, Transaction);
}
