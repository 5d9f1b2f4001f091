using System.Runtime.ExceptionServices;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking.Writing;

namespace MfRae.Lab.Tracking;

/// <summary>The only writer of the database. It may be called from several threads; each call is one transaction.</summary>
public sealed class RunLog : IRunLog, IDisposable
{
    private readonly LabDatabase database;
    private readonly PlanRecord? noted;
    private Plan? open;

    // A database that was held too long ends the run. To wait as long again for each word about that would help nobody.
    private StoreLockedException? fault;

    /// <param name="database">Stays the caller's: it is not closed with the log.</param>
    /// <param name="noted">What the store noted of the run: when it began. Null: times are not recorded.</param>
    /// <exception cref="LabException">The database can only be read.</exception>
    public RunLog(LabDatabase database, PlanRecord? noted = null)
    {
        if (database.IsReadOnly)
        {
            throw new LabException(database.Notice ?? $"{database.Path} was opened for reading only");
        }

        this.database = database;
        this.noted = noted;
    }

    public void Notice(string text)
    {
        // Not of any run, so no part of the record.
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        Write(writer => new PlanWriter(writer).Write(
            PlanRecord.Of(plan, noted?.Begun ?? default) with { FirstBegun = noted?.FirstBegun }, cached));
        open = plan;
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
        open = null;
    }

    /// <summary>A plan that was begun and not ended is closed: nothing of it stays `running`.</summary>
    public void Dispose()
    {
        if (open is not { } plan)
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
        if (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        try
        {
            database.Write(work);
        }
        catch (StoreLockedException error)
        {
            fault = error;
            throw;
        }
    }
}
