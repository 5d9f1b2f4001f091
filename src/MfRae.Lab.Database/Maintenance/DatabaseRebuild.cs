using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>
/// Makes the database anew: plans, tags and notes as the store noted them, everything else from journals. What the store no
/// longer tells is taken from the old database where that can still be read. The new file is written aside and takes the name
/// only when it is whole; the old one is kept.
/// </summary>
public sealed class DatabaseRebuild(ArtifactStore store, string path)
{
    private readonly List<string> _warnings = [];
    private readonly string _aside = path + ".rebuild";

    /// <exception cref="StoreLockedException">A run is going on, or another process has the database open.</exception>
    /// <exception cref="LabException">There is nothing to build it from, or it cannot be written.</exception>
    public RebuildOutcome Run(TimeProvider time, CancellationToken stop = default)
    {
        NetworkFileSystem.Refuse(path);
        using var quiet = IdleStoreLock.Require(store, time);
        try
        {
            RemoveFiles(_aside);
            var outcome = Build(stop);
            return outcome with { Backup = Replace() };
        }
        catch (SqliteException error)
        {
            throw new LabException($"the database {path} cannot be rebuilt: {EnvironmentFault.Explain(error)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the database {path} cannot be rebuilt: {error.Message}", error);
        }
        finally
        {
            RemoveFiles(_aside);
        }
    }

    private RebuildOutcome Build(CancellationToken stop)
    {
        var old = OldDatabase.Open(path, _warnings);
        var records = new StoreRecords(store);
        var plans = Ordered(records.Plans(), old?.Plans ?? []);
        if (plans.Count == 0)
        {
            throw new LabException(
                $"neither {store.Root} nor {path} knows of a plan: there is nothing to rebuild the database from. Run an experiment.");
        }

        using var database = LabDatabase.OpenOrCreate(_aside);
        var log = new RunLog(database);
        var complete = store.CompleteKeys().ToHashSet();
        foreach (var plan in plans)
        {
            log.Begin(plan, complete);
        }

        var keys = plans.SelectMany(plan => plan.Stages).Select(stage => stage.Key).Distinct().ToList();
        var journals = keys.Sum(key => Ingest(log, key, stop));
        var carried = old?.CarryOver(database) ?? 0;
        log.Identify();
        log.States(StageStates.Of(store, plans, complete, old?.States ?? new Dictionary<string, (string Status, string? Reason)>()));
        foreach (var plan in plans)
        {
            log.Close(plan);
        }

        if ((records.ReadMarks() ?? old?.Annotations) is { } marks)
        {
            new AnnotationWriter(database).Replace(marks);
        }

        return new(plans.Count, keys.Count, journals, carried, null, _warnings);
    }

    /// <summary>In the order of the old database, which may know plans from before the store noted them; then what only the store knows.</summary>
    private static List<PlanRecord> Ordered(IReadOnlyList<PlanRecord> noted, IReadOnlyList<PlanRecord> known)
    {
        var byName = noted.ToDictionary(plan => (plan.Name, plan.Hash));
        var order = known.Select(plan => byName.GetValueOrDefault((plan.Name, plan.Hash)) ?? plan).ToList();
        var seen = order.Select(plan => (plan.Name, plan.Hash)).ToHashSet();
        return [.. order, .. noted.Where(plan => !seen.Contains((plan.Name, plan.Hash)))];
    }

    private int Ingest(RunLog log, string key, CancellationToken stop)
    {
        var count = 0;
        foreach (var folder in store.FoldersOf(key))
        {
            foreach (var journal in JournalFile.In(folder))
            {
                stop.ThrowIfCancellationRequested();
                _warnings.AddRange(JournalIngest.Take(log, key, journal, folder, out var taken));
                count += taken ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>The old file is copied and then replaced in one step: at no moment is there no database.</summary>
    private string? Replace()
    {
        if (DatabaseCheck.Of(_aside).Problems is [var problem, ..])
        {
            throw new LabException($"the rebuilt database is not whole: {problem}");
        }

        var backup = File.Exists(path) ? FreeBackup() : null;
        // Without its file a log is of no use to anybody, and is not kept.
        foreach (var suffix in new[] { "", "-wal", "-shm" }.Where(suffix => backup is not null && File.Exists(path + suffix)))
        {
            File.Copy(path + suffix, backup + suffix);
        }

        // A log of the old file must not be applied to the new one.
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
        File.Move(_aside, path, overwrite: true);
        return backup;
    }

    private string FreeBackup()
    {
        var number = 1;
        string name;
        do
        {
            name = $"{path}.bak-{(number++).ToString(CultureInfo.InvariantCulture)}";
        }
        while (File.Exists(name));
        return name;
    }

    private static void RemoveFiles(string file)
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(file + suffix);
        }
    }
}

/// <summary>What a rebuild made.</summary>
/// <param name="Journals">Journals that were read.</param>
/// <param name="CarriedOver">Stages that the store no longer has all journals of, taken from the old database.</param>
/// <param name="Backup">Where the old database is now, or null where there was none.</param>
/// <param name="Warnings">What could not be taken over, a sentence each.</param>
public sealed record RebuildOutcome(
    int Plans, int Stages, int Journals, int CarriedOver, string? Backup, IReadOnlyList<string> Warnings);
