using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// Removes an experiment from the database and frees its name. Its stages stay in the store until `gc`; so the same file, run again
/// before that, finds everything.
/// </summary>
public sealed class RmVerb(Terminal terminal, Places places, ArtifactStore store, TimeProvider time)
{
    /// <exception cref="LabException">A published page, another experiment or a committed file cites what only it has.</exception>
    /// <exception cref="StoreLockedException">It is running.</exception>
    public int Execute(string experiment)
    {
        using var database = LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var record = new Subjects(queries).Experiment(experiment);
        foreach (var stage in record.Stages)
        {
            if (StageLeases.LiveOwner(store, stage.Key, time) is { } owner)
                throw new StoreLockedException($"{owner} computes the stage {stage.Label} of {record.Name}; wait for it, or stop that process");
        }

        var others = queries.Names().Where(other => other != record.Name).Select(queries.Experiment).OfType<ExperimentRecord>().ToList();
        RefuseCited(record, others);
        var forgotten = new ExperimentRemoval(database).Remove(record.Name);
        new StoreRecords(store).Remove(record.Name);
        MarkSubject.Keep(queries, store);
        var reports = new Reports(queries, places);
        // An old or foreign name may be one that no page can have.
        if (ArtifactName.IsExperiment(record.Name))
            File.Delete(reports.File(record));
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
