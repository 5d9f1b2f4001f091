using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Says what a run would do and what it could show, and does nothing.</summary>
public sealed class PlanVerb(Terminal terminal, PlanLoader loader, ArtifactStore store)
{
    public int Execute(string file, IReadOnlyList<string> overrides, IReadOnlyList<string> only)
    {
        if (loader.Load(file, overrides, only, out var code) is not { } plan)
            return code;
        terminal.Text.Write(PlanText.Describe(ArmFilter.Limit(plan, only), store.IsComplete));
        return ExitCode.Ok;
    }
}

/// <summary>From an experiment file to its plan, or to everything that is wrong with it on stderr. Warnings go there too.</summary>
public sealed class PlanLoader(Terminal terminal, LabPaths places, CancellationToken stop)
{
    /// <param name="code">The exit code where there is no plan.</param>
    /// <returns>The whole plan, or null after the mistakes were written.</returns>
    /// <exception cref="LabException">A file that the options name cannot be read.</exception>
    public Plan? Load(string file, IReadOnlyList<string> overrides, IReadOnlyList<string> only, out int code)
    {
        var read = ExperimentReader.Read(file, overrides, places.WorkingDirectory, only: only);
        DiagnosticText.Warn(terminal.Error, read.Warnings);
        IReadOnlyList<Diagnostic> diagnostics = read.Experiment is { } experiment
            ?
            [
                .. ArmFilter.Check(experiment, only),
                .. RecordedNames.Check(places, experiment),
                .. WeightPathCheck.Diagnose(experiment, places.WorkingDirectory),
            ]
            : read.Diagnostics;
        code = diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(terminal.Error, diagnostics);
        return diagnostics.Count == 0 ? Planner.Build(read.Experiment!, FileHash.In(places.WorkingDirectory, stop)) : null;
    }
}

/// <summary>Limits a plan to the runs of some arms, and to the stages these depend on.</summary>
public static class ArmFilter
{
    /// <summary>A diagnostic for each name that is no arm.</summary>
    public static IReadOnlyList<Diagnostic> Check(Experiment experiment, IReadOnlyList<string> only) =>
    [
        .. only.Where(name => experiment.Arms.All(arm => arm.Name != name))
            .Select(name => new Diagnostic(
                null,
                0,
                "--only",
                $"`{name}` is no arm of {experiment.Name}",
                "one of " + string.Join(", ", experiment.Arms.Select(arm => $"`{arm.Name}`")))),
    ];

    public static Plan Limit(Plan plan, IReadOnlyList<string> only)
    {
        if (only.Count == 0)
            return plan;
        var runs = plan.Runs.Where(run => only.Contains(run.Arm)).ToList();
        var needed = new HashSet<string>(runs.SelectMany(run => run.Stages.Values));
        // Users stand after their inputs, so one walk from the end finds everything.
        foreach (var stage in plan.Stages.Reverse().Where(stage => needed.Contains(stage.Key)))
            needed.UnionWith(stage.Inputs.Values);
        return plan with { Runs = runs, Stages = [.. plan.Stages.Where(stage => needed.Contains(stage.Key))] };
    }
}
