using Dapper;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Tracking.Care;

/// <summary>
/// Tells the database of a plan that came from elsewhere, once its stages are in the store. Doing so again changes nothing. Of the plans
/// of one name, the one whose run began last is the current one, wherever it was run.
/// </summary>
public sealed class ImportedPlan(ArtifactStore store, LabDatabase database)
{
    /// <returns>What could not be taken in, in sentences.</returns>
    public IReadOnlyList<string> Take(PlanRecord plan, Marks marks)
    {
        var warnings = new List<string>();
        var known = database.Connection.Query<StateRow>("SELECT key, status, reason FROM stage WHERE status <> 'planned'")
            .ToDictionary(row => row.Key, row => (row.Status, row.Reason));
        var log = new RunLog(database);
        var complete = store.CompleteKeys().ToHashSet();
        List<PlanRecord> plans = [.. new StoreRecords(store).Plans().Where(other => other.Name == plan.Name)];
        foreach (var other in plans)
        {
            log.Begin(other, complete);
        }

        foreach (var (stage, folder) in plan.Stages.SelectMany(stage => store.FoldersOf(stage.Key).Select(folder => (stage, folder))))
        {
            foreach (var journal in JournalFile.In(folder))
            {
                warnings.AddRange(JournalIngest.Take(log, stage.Key, journal, folder, out _));
            }
        }

        log.Identify();
        log.States(StageStates.Of(store, plans, complete, known));
        foreach (var other in plans)
        {
            log.Close(other);
        }

        warnings.AddRange(Merge(marks));
        return warnings;
    }

    /// <summary>Tags are added; a note is taken where there is none, for what somebody wrote here is not overwritten.</summary>
    private IEnumerable<string> Merge(Marks marks)
    {
        var log = new MarkLog(database);
        foreach (var tag in marks.Tags)
        {
            log.Tag(tag.Kind, tag.Subject, tag.Text);
        }

        var there = new RunQueries(database).Marks().Notes.ToDictionary(note => (note.Kind, note.Subject), note => note.Text);
        foreach (var note in marks.Notes)
        {
            if (!there.TryGetValue((note.Kind, note.Subject), out var text))
            {
                log.Note(note.Kind, note.Subject, note.Text);
            }
            else if (text != note.Text)
            {
                yield return $"the note of {note.Subject} here is another than that of the capsule, and stays";
            }
        }
    }

    private sealed record StateRow(string Key, string Status, string? Reason);
}
