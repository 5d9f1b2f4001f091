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
/// Rebuilds the database: plans, tags and notes from the records in the store, everything else from journals. Data that the store no
/// longer has is copied from the old database if that can still be read. The new file is written under a temporary name and renamed when
/// it is complete; the old file is kept.
/// </summary>
public sealed class DatabaseRebuild(ArtifactStore store, string path)
{
    private readonly List<string> _warnings = [];
    private readonly string _aside = path + ".rebuild";

    /// <summary>Rebuilds the database.</summary>
    /// <exception cref="StoreLockedException">A run is in progress, or another process has the database open.</exception>
    /// <exception cref="LabException">There is no data to rebuild the database from, or it cannot be written.</exception>
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
            throw new LabException($"{path}: cannot rebuild the database: {EnvironmentFault.Explain(error)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot rebuild the database: {error.Message}", error);
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
                $"neither {store.Root} nor {path} contains a plan to rebuild the database from. Run an experiment.");
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

        if ((records.ReadMarks() ?? old?.Annotations) is { } annotations)
        {
            new AnnotationWriter(database).Replace(annotations);
        }

        return new(plans.Count, keys.Count, journals, carried, null, _warnings);
    }

    /// <summary>The plans of the old database, which may be older than the records in the store, then the plans that only the store has.</summary>
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

    /// <summary>Copies the old file and then replaces it in one step, so that a database exists at every moment.</summary>
    private string? Replace()
    {
        if (DatabaseCheck.Of(_aside).Problems is [var problem, ..])
        {
            throw new LabException($"the rebuilt database is damaged: {problem}");
        }

        var backup = File.Exists(path) ? FreeBackup() : null;
        // A write-ahead log is useless without its file, so it is not kept.
        foreach (var suffix in new[] { "", "-wal", "-shm" }.Where(suffix => backup is not null && File.Exists(path + suffix)))
        {
            File.Copy(path + suffix, backup + suffix);
        }

        // SQLite must not apply the log of the old file to the new file.
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

/// <summary>The result of a rebuild.</summary>
/// <param name="Plans">The number of plans.</param>
/// <param name="Stages">The number of stages.</param>
/// <param name="Journals">The number of journals that were read.</param>
/// <param name="CarriedOver">The number of stages copied from the old database because the store lacks some of their journals.</param>
/// <param name="Backup">The path of the old database, or null if there was none.</param>
/// <param name="Warnings">A sentence for everything that could not be restored.</param>
public sealed record RebuildOutcome(
    int Plans, int Stages, int Journals, int CarriedOver, string? Backup, IReadOnlyList<string> Warnings);
