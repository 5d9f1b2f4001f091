using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// `rm`: removes an experiment from the database, so that its name is free again. Its stages stay in the store until `gc` deletes them:
/// until then, running the same file again reuses its stages.
/// </summary>
internal static class RmVerb
{
    public static Command Create(LabContext lab)
    {
        var experiment = CommonOptions.Experiment();
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be removed, without removing it" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Remove without asking. Scripts are never asked" };
        var command = new Verb("rm", "Remove an experiment from the database. Refused if a report or another experiment cites it", "smoke")
        {
            experiment, dryRun, yes,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(experiment), parsed.GetValue(dryRun), parsed.GetValue(yes)));
        return command;
    }

    /// <param name="dryRun">Print what would be removed, without removing it.</param>
    /// <param name="sure">Skip the question. Without it, a person at a terminal is asked; a script is not.</param>
    /// <exception cref="LabException">A published page, another experiment or an experiment file cites a stage that only this experiment has.</exception>
    /// <exception cref="StoreLockedException">The experiment is running.</exception>
    private static int Execute(LabContext lab, string experiment, bool dryRun, bool sure)
    {
        var (terminal, paths, store) = (lab.Terminal, lab.Paths, lab.Store);
        using var database = dryRun ? lab.OpenDatabase() : lab.OpenDatabaseForChanges();
        var queries = new RunQueries(database);
        var record = new NameResolver(queries).Outline(experiment);
        foreach (var stage in record.Stages)
        {
            if (StageLeases.LiveOwner(store, stage.Key, lab.Time) is { } owner)
                throw new StoreLockedException($"{owner} is computing the stage {stage.Label} of {record.Name}; wait for it, or stop that process");
        }

        var others = queries.Names().Where(other => other != record.Name).Select(queries.Outline).OfType<ExperimentRecord>().ToList();
        var shared = others.SelectMany(other => other.Stages).Select(stage => stage.Key).ToHashSet();
        var own = record.Stages.Select(stage => stage.Key).Where(key => !shared.Contains(key)).ToHashSet();
        RefuseCited(paths, record, own, others);
        var reports = new ReportPages(queries, paths);
        // A name from an old or foreign database may be impossible as a file name.
        var file = ArtifactName.IsExperiment(record.Name) && File.Exists(reports.File(record)) ? reports.File(record) : null;
        var page = file is null ? "" : $" and the page {paths.Show(file)}";
        var what = string.Create(CultureInfo.InvariantCulture,
            $"{record.Name} with {record.Runs.Count} runs, the records of {own.Count} stages that no other experiment uses{page}");
        if (dryRun)
        {
            terminal.Out.WriteLine($"would remove {what}; the stage outputs stay in the store until `gc`. Nothing was changed");
            return ExitCode.Ok;
        }

        if (!sure && terminal.Ask is { } ask && !ask($"Remove {what}?"))
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

        reports.WriteOverviews();
        terminal.Out.WriteLine($"removed {record.Name} and the records of {forgotten} stages that no other experiment uses; "
            + "the stage outputs stay in the store until `gc`");
        return ExitCode.Ok;
    }

    /// <param name="own">Keys of the stages that only this experiment has.</param>
    private static void RefuseCited(LabPaths paths, ExperimentRecord record, HashSet<string> own, List<ExperimentRecord> others)
    {
        var cited = new CitedStages(paths);
        var page = cited.Published().FirstOrDefault(page =>
            Path.GetFileNameWithoutExtension(page) == record.Name || CitedStages.In(File.ReadAllText(page)).Any(own.Contains));
        if (page is not null)
            throw new LabException($"{record.Name} is not removed: the published report {paths.Show(page)} cites it. Use `archive` to hide it");
        var user = others.FirstOrDefault(other => other.Stages.Any(stage => CitedStages.In(stage.DefinitionJson).Any(own.Contains)));
        if (user is not null)
            throw new LabException($"{record.Name} is not removed: the experiment {user.Name} uses a file of one of its stages");
        var file = cited.ExperimentFiles().FirstOrDefault(file => CitedStages.In(File.ReadAllText(file)).Any(own.Contains));
        if (file is not null)
            throw new LabException($"{record.Name} is not removed: {paths.Show(file)} names a file of one of its stages");
    }
}
