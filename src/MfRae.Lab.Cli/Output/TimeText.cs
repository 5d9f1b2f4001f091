using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Output;

/// <summary>The predicted time and disk space of a plan, for the verb `plan`.</summary>
public static class TimeText
{
    private const double Minute = 60;
    private const double Hour = 3600;

    // Below this number of the smaller unit, a duration is given in it.
    private const double Longest = 90;

    /// <summary>One line; empty if every stage is complete.</summary>
    /// <param name="isComplete">Whether the stage with a key is in the store.</param>
    /// <param name="times">The times of earlier stages on this machine.</param>
    /// <param name="jobs">The number of stages that run at the same time.</param>
    public static string Predict(Plan plan, Func<string, bool> isComplete, StageTimes times, int jobs)
    {
        var forecast = RunForecast.Of(plan, isComplete, jobs, node => times.Of(node.Definition)?.WallSeconds ?? 0);
        if (forecast.Count == 0)
            return "";
        string[] unknown = [.. forecast.Where(stage => times.Of(stage.Node.Definition) is null).Select(stage => stage.Node.Kind).Distinct()];
        var known = forecast.Select(stage => times.Of(stage.Node.Definition)).OfType<StageTime>().ToList();
        if (known.Count == 0)
            return "time: unknown, no earlier runs on this machine\n";
        var results = plan.Runs.SelectMany(run => run.Results()).ToHashSet();
        var first = forecast.FirstOrDefault(stage => results.Contains(stage.Node.Key));
        var text = $"time: {(unknown.Length > 0 ? "at least" : "about")} {Span(forecast[^1].End)} with {jobs} job{(jobs == 1 ? "" : "s")}, "
            + $"{Span(known.Sum(time => time.CpuSeconds))} of processor time"
            + (first is null || unknown.Length > 0 ? "" : $", first result after {Span(first.End)}")
            + string.Create(CultureInfo.InvariantCulture, $"; from {times.Count} earlier stage{(times.Count == 1 ? "" : "s")} on this machine");
        return text + (unknown.Length > 0 ? $", none of which is comparable to {string.Join(", ", unknown)}" : "") + "\n";
    }

    /// <summary>One line with the disk space that the stages to compute take; empty if there are none.</summary>
    /// <param name="isComplete">Whether the stage with a key is in the store.</param>
    /// <param name="store">The store, whose stages have the sizes of earlier stages.</param>
    /// <param name="free">The free bytes of the store's disk; null: unknown.</param>
    public static string Space(Plan plan, Func<string, bool> isComplete, ArtifactStore store, long? free)
    {
        var open = plan.Stages.Where(stage => !isComplete(stage.Key)).ToList();
        if (open.Count == 0)
            return "";
        var space = new SpaceForecast(store);
        var sizes = open.Select(stage => (stage.Kind, Bytes: space.Of(stage))).ToList();
        if (sizes.All(size => size.Bytes is null))
            return "disk: unknown, no earlier stages in the store\n";
        string[] unknown = [.. sizes.Where(size => size.Bytes is null).Select(size => size.Kind).Distinct()];
        return $"disk: {(unknown.Length > 0 ? "at least" : "about")} {ByteSize.Text(sizes.Sum(size => size.Bytes ?? 0))}"
            + (free is { } bytes ? $" of {ByteSize.Text(bytes)} that are free" : "")
            + (unknown.Length > 0 ? $"; no earlier stage is of kind {string.Join(", ", unknown)}" : "") + "\n";
    }

    /// <summary>A duration in one unit: `45 s`, `12 min`, `2.4 h`.</summary>
    public static string Span(double seconds) => seconds switch
    {
        < Longest => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < Longest * Minute => string.Create(CultureInfo.InvariantCulture, $"{seconds / Minute:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / Hour:0.0} h"),
    };
}
