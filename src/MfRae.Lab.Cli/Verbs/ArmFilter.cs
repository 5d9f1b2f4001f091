using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Verbs;

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
