using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Exchange;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Packs an experiment into one file for another lab.</summary>
public sealed class ExportCapsuleVerb(Terminal terminal, Places places, ArtifactStore store, StopSignals signals)
{
    /// <exception cref="LabException">There is no such experiment, or the file cannot be written.</exception>
    public int Execute(ExportRequest request)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var name = new Subjects(queries).Name(request.Experiment);
        var hash = queries.Plans().Last(plan => plan.Name == name).Hash;
        var plan = new StoreRecords(store).Plans().LastOrDefault(plan => plan.Name == name && plan.Hash == hash)
            ?? throw new LabException($"the store {places.Show(store.Root)} has no record of the plan of {name}; run it again, which computes "
                + "nothing that is there");
        var target = Path.GetFullPath(request.Target, places.WorkingDirectory);
        var index = new CapsuleWriter(store).Write(plan, queries.Marks(), target, request.Force, signals.Stop);
        var stages = plan.Stages.Count(stage => store.IsComplete(stage.Key));
        var bytes = new FileInfo(target).Length;
        terminal.Out.WriteLine(request.Json ? JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("experiment", name);
            writer.WriteString("capsule", target);
            writer.WriteNumber("bytes", bytes);
            writer.WriteNumber("stages", stages);
            writer.WriteNumber("stagesOfPlan", plan.Stages.Count);
            writer.WriteNumber("entries", index.Entries.Count);
            writer.WriteEndObject();
        }) : $"{places.Show(target)}: {stages} of {plan.Stages.Count} stages, {index.Entries.Count} entries, {bytes} bytes");
        return ExitCode.Ok;
    }
}
