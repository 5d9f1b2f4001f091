using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists the plans of an experiment, oldest first: what changed, how their runs ended, and what they measured.</summary>
public sealed class HistoryVerb(Terminal terminal, Places places, ArtifactStore store, TimeProvider time)
{
    /// <param name="experiment">A name or the path of its file.</param>
    /// <exception cref="LabException">There is no such experiment, or it cannot be read.</exception>
    public int Execute(string experiment, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var name = new Subjects(queries).Name(experiment);
        var versions = queries.Versions(name);
        if (versions.Count == 0)
            throw new LabException(Subjects.Unreadable(name));
        var live = new LiveRuns(store, time);
        versions = [.. versions.Select(version => live.Of(version, () => queries.Runs(new RunFilter(name, Version: version.Number))))];
        (json ? terminal.Out : terminal.Text).Write(json ? HistoryOutput.Json(name, versions) : HistoryOutput.Text(name, versions));
        return ExitCode.Ok;
    }
}
