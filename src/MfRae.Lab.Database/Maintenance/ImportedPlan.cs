using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>
/// Adds an imported plan to the database after its stages are in the store. Importing it again changes nothing. Of several plans of one
/// experiment the plan whose run started last is current, no matter where it ran.
/// </summary>
public sealed class ImportedPlan(ArtifactStore store, LabDatabase database)
{
    /// <summary>Adds a plan and the annotations of its experiment.</summary>
    /// <returns>A sentence for everything that could not be imported.</returns>
    public IReadOnlyList<string> Take(PlanRecord plan, Annotations annotations)
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

        warnings.AddRange(Merge(annotations));
        return warnings;
    }

    /// <summary>Adds the tags, and adds a note if the subject has no note here; existing notes are never overwritten.</summary>
    private IEnumerable<string> Merge(Annotations annotations)
    {
        var log = new AnnotationWriter(database);
        foreach (var tag in annotations.Tags)
        {
            log.Tag(tag.Kind, tag.Subject, tag.Text);
        }

        var there = new RunQueries(database).Annotations().Notes.ToDictionary(note => (note.Kind, note.Subject), note => note.Text);
        foreach (var note in annotations.Notes)
        {
            if (!there.TryGetValue((note.Kind, note.Subject), out var text))
            {
                log.Note(note.Kind, note.Subject, note.Text);
            }
            else if (text != note.Text)
            {
                yield return $"{note.Subject}: the existing note is kept; it differs from the note in the capsule";
            }
        }
    }

    private sealed record StateRow(string Key, string Status, string? Reason);
}

/// <summary>
/// Ingests whole journals of a store and reports the lines that were refused. <see cref="RunLog.Identify"/> completes the identity of
/// measurements from earlier versions afterwards.
/// </summary>
internal static class JournalIngest
{
    /// <summary>Ingests the lines before the first unreadable line.</summary>
    /// <param name="log">Writes to the database.</param>
    /// <param name="stage">The key of the stage.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="folder">The folder of the stage.</param>
    /// <param name="taken">False if the database refused the lines.</param>
    /// <returns>A sentence for everything that was not ingested.</returns>
    public static IReadOnlyList<string> Take(RunLog log, string stage, JournalFile journal, string folder, out bool taken)
    {
        var warnings = new List<string>();
        var chunk = JournalReader.ReadUpToProblem(journal.Path, out var problem);
        taken = true;
        try
        {
            log.IngestAlone(stage, journal.Attempt, chunk.Lines, folder);
        }
        catch (LabException error)
        {
            taken = false;
            warnings.Add(error.Message);
        }

        return [.. warnings, .. new[] { problem, chunk.Skipped(journal.Path) }.OfType<string>()];
    }
}

/// <summary>Derives the states of stages from the contents of the store.</summary>
internal static class StageStates
{
    /// <param name="store">The store.</param>
    /// <param name="plans">The plans.</param>
    /// <param name="complete">The keys of the complete stages.</param>
    /// <param name="old">The states in the old database, which also has the reason why a stage was not computed.</param>
    public static IReadOnlyDictionary<string, (string Status, string? Reason)> Of(
        ArtifactStore store,
        IReadOnlyList<PlanRecord> plans,
        IReadOnlySet<string> complete,
        IReadOnlyDictionary<string, (string Status, string? Reason)> old)
    {
        var states = new Dictionary<string, (string Status, string? Reason)>();
        foreach (var plan in plans)
        {
            var labels = plan.Stages.ToDictionary(stage => stage.Key, stage => stage.Label);
            // Each stage follows its inputs, so their states are known here.
            var culprits = new Dictionary<string, string>();
            foreach (var stage in plan.Stages)
            {
                var state = complete.Contains(stage.Key) ? Completed(stage.Key, old)
                    : old.TryGetValue(stage.Key, out var known) ? known
                    : Told(store, stage.Key) ?? Skipped(stage, culprits, labels, states);
                states[stage.Key] = state;
                if (AttemptStatus.IsFailure(state.Status))
                {
                    culprits[stage.Key] = stage.Key;
                }
                else if (stage.Inputs.Values.FirstOrDefault(culprits.ContainsKey) is { } input)
                {
                    culprits[stage.Key] = culprits[input];
                }
            }
        }

        return states;
    }

    private static (string Status, string? Reason) Completed(
        string key, IReadOnlyDictionary<string, (string Status, string? Reason)> old) =>
        old.TryGetValue(key, out var known) && known.Status == "completed" ? known : ("completed", null);

    private static (string Status, string? Reason)? Told(ArtifactStore store, string key) =>
        JournalFile.In(store.PartialFolder(key)) is not [.., var last] ? null
        : JournalReader.ReadUpToProblem(last.Path, out _).Finished is { } finished
            ? (finished.Status, finished.Error?.Split('\n')[0].TrimEnd())
            : ("interrupted", PlanWriter.Deserted);

    private static (string Status, string? Reason) Skipped(
        PlannedStage stage,
        Dictionary<string, string> culprits,
        Dictionary<string, string> labels,
        Dictionary<string, (string Status, string? Reason)> states) =>
        stage.Inputs.Values.FirstOrDefault(culprits.ContainsKey) is { } input
            ? ("skipped", $"it needs {labels[culprits[input]]}, which {states[culprits[input]].Status}")
            : ("planned", null);
}
