using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Deletes what nobody needs from the store, or says what that would be.</summary>
public sealed class GcVerb(Terminal terminal, Places places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <exception cref="Core.Experiments.LabException">There is no database: without it everything would look like garbage.</exception>
    public int Execute(GcRequest request)
    {
        if (request.Pins.Count + request.Unpins.Count > 0)
            return ChangePins(request);
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var sweeper = new StoreSweeper(store, time);
        var plan = request.DryRun
            ? sweeper.Survey(Roots(queries), request.OlderThan)
            : sweeper.Sweep(() => Roots(queries), request.OlderThan, signals.Stop);
        terminal.Out.Write(request.Json ? SweepText.Json(plan, request.DryRun) : SweepText.Table(plan, request.DryRun));
        return ExitCode.Ok;
    }

    private int ChangePins(GcRequest request)
    {
        var pins = new StorePins(store);
        foreach (var prefix in request.Pins)
            terminal.Out.WriteLine($"pinned {pins.Add(prefix)}");
        foreach (var prefix in request.Unpins)
            terminal.Out.WriteLine($"unpinned {pins.Remove(prefix)}");
        return ExitCode.Ok;
    }

    private HashSet<string> Roots(RunQueries queries)
    {
        var known = queries.Plans().ToHashSet();
        // A plan that the database does not know is one that is just beginning, or of another database.
        var unknown = new StoreRecords(store).Plans().Where(plan => !known.Contains((plan.Name, plan.Hash)));
        return
        [
            .. queries.LiveStages(),
            .. new CitedStages(places).Keys(queries.Marks().Archived.ToHashSet()),
            .. unknown.SelectMany(plan => plan.Stages).Select(stage => stage.Key),
        ];
    }
}
