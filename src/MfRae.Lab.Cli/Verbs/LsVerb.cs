using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists runs.</summary>
public sealed class LsVerb(Terminal terminal, Places places, ArtifactStore store, TimeProvider time)
{
    /// <param name="all">Runs of archived experiments too; those of one that is named are always listed.</param>
    /// <exception cref="Core.Experiments.LabException">There is no such experiment, or no such arm in it.</exception>
    public int Execute(RunFilter filter, bool all, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        if (filter.Experiment is { } name)
            filter = Named(new Subjects(queries), filter, name);
        var marks = queries.Marks();
        var live = new LiveRuns(store, time);
        var runs = queries.Runs(filter with { Status = null }).Select(run => live.Of(run))
            .Where(run => filter.Status is null || run.Status == filter.Status)
            .Where(run => all || filter.Experiment is not null || !marks.Archived.Contains(run.Experiment)).ToList();
        if (filter.Arm is { } arm && runs.Count == 0 && queries.Runs(filter with { Arm = null, Status = null }) is { Count: > 0 } others)
            Subjects.RequireArm(arm, [.. others.Select(run => run.Arm).Distinct()]);
        var tags = marks.Tags.ToLookup(tag => (tag.Kind, tag.Subject), tag => tag.Text);
        (json ? terminal.Out : terminal.Text).Write(json ? RunListText.Json(runs, tags) : RunListText.Table(runs, tags));
        return ExitCode.Ok;
    }

    private static RunFilter Named(Subjects subjects, RunFilter filter, string name)
    {
        if (subjects.Numbered(name) is not var (experiment, number))
            return filter with { Experiment = subjects.Name(name) };
        return subjects.HasVersion(experiment, number)
            ? filter with { Experiment = experiment, Version = number }
            : throw subjects.NoVersion(experiment, number);
    }
}
