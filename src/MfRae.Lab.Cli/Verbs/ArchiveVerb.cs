using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Puts an experiment away: it stays in the database, `ls` passes over it, and `gc` may delete what only it needs.</summary>
public sealed class ArchiveVerb(Terminal terminal, Places places, ArtifactStore store)
{
    public int Execute(string experiment, bool undo)
    {
        using var database = LabDatabase.OpenExisting(places.Database);
        var queries = new RunQueries(database);
        var name = new Subjects(queries).Name(experiment);
        new StoreRecords(store).RequireKnownMarks();
        new MarkLog(database).Archive(name, !undo);
        MarkSubject.Keep(queries, store);
        terminal.Out.WriteLine(undo
            ? $"{name} is no longer archived"
            : $"{name} is archived; its results stay in the database, and `gc` may delete the stages that only it needs");
        return ExitCode.Ok;
    }
}
