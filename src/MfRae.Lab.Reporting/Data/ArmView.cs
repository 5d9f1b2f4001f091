using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>An arm as the sections see it.</summary>
/// <param name="Css">The class that carries its colour: a0, a1, …</param>
internal sealed record ArmView(ArmRecord Record, int Index, IReadOnlyList<RunRecord> Runs)
{
    public string Name => Record.Name;

    public string Css => $"a{Index}";

    /// <summary>`1 of 2 seeds diverged`, or the empty string where every run completed.</summary>
    public string Losses => string.Join(", ", Runs
        .Where(run => run.Status != "completed")
        .GroupBy(run => run.Status)
        .Select(group => $"{group.Count()} of {Markup.Numbers.Plural(Runs.Count, "seed")} {group.Key}"));

    public ArmSample Of(ExperimentComparison comparison) => comparison.Arms[Index];
}
