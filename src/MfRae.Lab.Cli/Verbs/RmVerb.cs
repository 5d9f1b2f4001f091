using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// Removes an experiment from the database and frees its name. Its stages stay in the store until `gc`; so the same file, run again
/// before that, finds everything.
/// </summary>
public sealed class RmVerb(Terminal terminal, LabPaths places, ArtifactStore store, TimeProvider time)
{
    /// <param name="dryRun">Print the removals without making them.</param>
    /// <param name="sure">Skip the question. Without it a person at a terminal is asked; a script is not.</param>
    /// <exception cref="LabException">A published page, another experiment or a committed file cites a stage that only this experiment has.</exception>
    /// <exception cref="StoreLockedException">It is running.</exception>
    public int Execute(string experiment, bool dryRun, bool sure)
    {
        using var database = dryRun ? LabDatabase.OpenReadOnly(places.Database) : LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var record = new NameResolver(queries).Outline(experiment);
        foreach (var stage in record.Stages)
        {
            if (StageLeases.LiveOwner(store, stage.Key, time) is { } owner)
                throw new StoreLockedException($"{owner} computes the stage {stage.Label} of {record.Name}; wait for it, or stop that process");
        }

        var others = queries.Names().Where(other => other != record.Name).Select(queries.Outline).OfType<ExperimentRecord>().ToList();
        RefuseCited(record, others);
        var shared = others.SelectMany(other => other.Stages).Select(stage => stage.Key).ToHashSet();
        var own = record.Stages.Count(stage => !shared.Contains(stage.Key));
        var reports = new ReportPages(queries, places);
        // An old or foreign name may be one that no page can have.
        var file = ArtifactName.IsExperiment(record.Name) && File.Exists(reports.File(record)) ? reports.File(record) : null;
        var page = file is null ? "" : $" and the page {places.Show(file)}";
        var what = string.Create(CultureInfo.InvariantCulture,
            $"{record.Name} with {record.Runs.Count} runs, all that is known of {own} stages that no other experiment has,{page}");
        if (dryRun)
        {
            terminal.Out.WriteLine($"would be removed: {what.TrimEnd(',')}; the files of its stages stay in the store until gc. Nothing was changed");
            return ExitCode.Ok;
        }

        if (!sure && terminal.Ask is { } ask && !ask($"Remove {what.TrimEnd(',')}?"))
        {
            terminal.Error.WriteLine("nothing was removed");
            return ExitCode.Ok;
        }

        new StoreRecords(store).RequireKnownMarks();
        var forgotten = new ExperimentRemoval(database).Remove(record.Name);
        new StoreRecords(store).Remove(record.Name);
        AnnotationSubject.Keep(queries, store);
        if (file is not null)
        {
            File.Delete(file);
            PageImages.Delete(file);
        }

        reports.WriteIndex();
        terminal.Out.WriteLine($"{record.Name} is removed, and with it all that was known of {forgotten} stages that no other experiment "
            + "has; their files stay in the store until gc");
        return ExitCode.Ok;
    }

    private void RefuseCited(ExperimentRecord record, List<ExperimentRecord> others)
    {
        var cited = new CitedStages(places);
        var shared = others.SelectMany(other => other.Stages).Select(stage => stage.Key).ToHashSet();
        var own = record.Stages.Select(stage => stage.Key).Where(key => !shared.Contains(key)).ToHashSet();
        var page = cited.Published().FirstOrDefault(page =>
            Path.GetFileNameWithoutExtension(page) == record.Name || CitedStages.In(File.ReadAllText(page)).Any(own.Contains));
        if (page is not null)
            throw new LabException($"{record.Name} is not removed: the published report {places.Show(page)} cites it. `archive` puts it away");
        var user = others.FirstOrDefault(other => other.Stages.Any(stage => CitedStages.In(stage.DefinitionJson).Any(own.Contains)));
        if (user is not null)
            throw new LabException($"{record.Name} is not removed: the experiment {user.Name} uses a file of one of its stages");
        var file = cited.ExperimentFiles().FirstOrDefault(file => CitedStages.In(File.ReadAllText(file)).Any(own.Contains));
        if (file is not null)
            throw new LabException($"{record.Name} is not removed: {places.Show(file)} names a file of one of its stages");
    }
}
