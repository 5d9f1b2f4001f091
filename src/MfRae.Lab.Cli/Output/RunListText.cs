using System.Globalization;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Output;

/// <summary>Runs, a line each, with their own tags and those of their experiment.</summary>
public static class RunListText
{
    // Enough to be unique by far among the runs of one database, and what `show` takes.
    private const int IdDigits = 10;

    public static string Table(IReadOnlyList<RunListing> runs, ILookup<(string Kind, string Subject), string> tags)
    {
        var table = new TextTable("run", "experiment", "arm", "seed", "status", "primary metric", "stages", "started", "time", "overrides", "tags");
        foreach (var run in runs)
        {
            table.Add(
                run.Id[..Math.Min(IdDigits, run.Id.Length)],
                run.Experiment,
                run.Baseline ? run.Arm + " (baseline)" : run.Arm,
                run.Seed.ToString(CultureInfo.InvariantCulture),
                run.Status,
                run.Value is { } value ? $"{run.Metric} {ResultsText.Value(Summary.Of([value]))}" : "",
                $"{run.Completed}/{run.Stages}",
                run.Started?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "",
                StageText.Duration(TimeSpan.FromSeconds(run.WallSeconds)),
                string.Join(' ', run.Overrides ?? []),
                string.Join(' ', Tags(run, tags)));
        }

        return table.ToString();
    }

    public static string Json(IReadOnlyList<RunListing> runs, ILookup<(string Kind, string Subject), string> tags) => JsonText.Write(json =>
    {
        json.Objects(runs, run =>
        {
            json.WriteString("run", run.Id);
            json.WriteString("experiment", run.Experiment);
            json.WriteString("arm", run.Arm);
            json.WriteBoolean("baseline", run.Baseline);
            json.WriteNumber("seed", run.Seed);
            json.WriteString("status", run.Status);
            json.WriteString("primaryMetric", run.Metric);
            json.Number("value", run.Value);
            json.Strings("overrides", run.Overrides ?? []);
            json.WriteNumber("stages", run.Stages);
            json.WriteNumber("completed", run.Completed);
            if (run.Started is { } started)
                json.WriteString("started", started);
            json.WriteNumber("wallSeconds", run.WallSeconds);
            json.Strings("tags", Tags(run, tags));
        });
    }) + System.Environment.NewLine;

    private static IEnumerable<string> Tags(RunListing run, ILookup<(string Kind, string Subject), string> tags) =>
        tags[(Mark.Experiment, run.Experiment)].Concat(tags[(Mark.Run, run.Id)]).Distinct();
}
