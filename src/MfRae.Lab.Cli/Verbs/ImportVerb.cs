using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Exchange;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;
using MfRae.Lab.Tracking.Care;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Takes what another lab packed into store and database, and renders its report.</summary>
public sealed class ImportVerb(Terminal terminal, Places places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <exception cref="LabException">The file is no capsule, or not as it says, or its name is taken; nothing was taken in.</exception>
    /// <exception cref="StoreLockedException">A run is going on.</exception>
    public int Execute(string file, long maxBytes, bool json)
    {
        IReadOnlyList<string> warnings = [];
        IReadOnlySet<(string, string?)> before = new HashSet<(string, string?)>();
        var outcome = new CapsuleImport(store, time).Run(
            Path.GetFullPath(file, places.WorkingDirectory),
            maxBytes,
            (plan, marks) =>
            {
                using var database = LabDatabase.OpenOrCreate(places.Database);
                before = new Reports(new RunQueries(database), places).State(but: plan.Name);
                warnings = new ImportedPlan(store, database).Take(plan, marks);
            },
            name =>
            {
                if (RecordedNames.Conflict(RecordedNames.In(places), name) is { } conflict)
                    throw new LabException($"{file} is refused: {PrintableText.Of(conflict)}. Remove that experiment first (`rm`), or import elsewhere (`--db`, `--store`, `--reports`)");
            },
            signals.Stop);
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        MarkSubject.Keep(queries, store);
        var reports = new Reports(queries, places);
        var record = queries.Experiment(outcome.Experiment)!;
        reports.Update(before, record);

        foreach (var warning in warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        terminal.Out.WriteLine(json ? JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("experiment", outcome.Experiment);
            writer.WriteNumber("added", outcome.Added);
            writer.WriteNumber("kept", outcome.Kept);
            writer.WriteNumber("setAside", outcome.SetAside);
            writer.WriteString("report", reports.File(record));
            writer.Strings("warnings", warnings);
            writer.WriteEndObject();
        }) : $"{outcome.Experiment}: {outcome.Added} stages added, {outcome.Kept} were there"
            + (outcome.SetAside > 0 ? $", {outcome.SetAside} damaged ones set aside" : "")
            + $"; report: {places.Show(reports.File(record))}");
        return ExitCode.Ok;
    }
}
