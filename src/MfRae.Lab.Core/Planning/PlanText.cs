using System.Text;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Planning;

/// <summary>Says what a plan would do.</summary>
public static class PlanText
{
    private const int ShortKeyLength = 10;

    /// <summary>The stages in the order they would run.</summary>
    /// <param name="isComplete">Whether the stage with a key is in the store.</param>
    public static IReadOnlyList<PlanLine> Lines(Plan plan, Func<string, bool> isComplete) =>
        [.. plan.Stages.Select(stage => new PlanLine(isComplete(stage.Key), stage.Key[..ShortKeyLength], stage.Kind, stage.Label))];

    /// <summary>Arms, seeds, what would run, and what the seeds can show.</summary>
    public static string Describe(Plan plan, Func<string, bool> isComplete)
    {
        var lines = Lines(plan, isComplete);
        var experiment = plan.Experiment;
        int cached = lines.Count(line => line.Cached);
        int width = lines.Max(line => line.Kind.Length);
        var text = new StringBuilder();
        text.Append($"{experiment.Name}: {experiment.Question}\n");
        text.Append($"{Count(experiment.Arms.Count, "arm")} × {Count(experiment.Seeds.Count, "seed")} = {Count(plan.Runs.Count, "run")}, ");
        text.Append($"{Count(lines.Count, "stage")}: {cached} cached, {lines.Count - cached} to run\n\n");
        foreach (var line in lines)
        {
            text.Append($"  {(line.Cached ? "cached" : "run   ")}  {line.ShortKey}  {line.Kind.PadRight(width)}  {line.Label}\n");
        }

        text.Append($"\n{Power.Describe(experiment.Seeds.Count, experiment.Arms.Count - 1)}\n");
        return text.ToString();
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
