using MfRae.Lab.Cli.Output;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists runs.</summary>
public sealed class LsVerb(Terminal terminal, Places places)
{
    /// <param name="all">Runs of archived experiments too; those of one that is named are always listed.</param>
    /// <exception cref="Core.Experiments.LabException">There is no such experiment, or no such arm in it.</exception>
    public int Execute(RunFilter filter, bool all, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        if (filter.Experiment is { } name)
            filter = filter with { Experiment = new Subjects(queries).Name(name) };
        var marks = queries.Marks();
        var runs = queries.Runs(filter)
            .Where(run => all || filter.Experiment is not null || !marks.Archived.Contains(run.Experiment)).ToList();
        if (filter.Arm is { } arm && runs.Count == 0 && queries.Runs(filter with { Arm = null, Status = null }) is { Count: > 0 } others)
            Subjects.RequireArm(arm, [.. others.Select(run => run.Arm).Distinct()]);
        var tags = marks.Tags.ToLookup(tag => (tag.Kind, tag.Subject), tag => tag.Text);
        (json ? terminal.Out : terminal.Text).Write(json ? RunListText.Json(runs, tags) : RunListText.Table(runs, tags));
        return ExitCode.Ok;
    }
}
