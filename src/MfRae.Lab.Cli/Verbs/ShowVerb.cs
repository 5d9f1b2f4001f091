using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows one run: its stages, what they cost and what they measured.</summary>
public sealed class ShowVerb(Terminal terminal, Places places)
{
    public int Execute(string idPrefix, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var detail = new RunQueries(database).Show(idPrefix);
        if (json)
        {
            terminal.Out.Write(RunDetailJson.Write(detail));
            return ExitCode.Ok;
        }

        var run = detail.Run;
        terminal.Text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"run {run.Id}{System.Environment.NewLine}{run.Experiment}, arm {run.Arm}{(run.Baseline ? " (baseline)" : "")}, seed "
                + $"{run.Seed}: {run.Status}"));

        var stages = new TextTable("role", "stage", "status", "attempts", "time", "peak MB", "key");
        var measurements = new TextTable("role", "metric", "value", "interval", "samples", "labels");
        foreach (var (role, stage) in detail.Stages)
        {
            stages.Add(
                role,
                stage.Label,
                stage.Status,
                stage.Attempts.Count.ToString(CultureInfo.InvariantCulture),
                StageText.Duration(TimeSpan.FromSeconds(stage.Attempts.Sum(attempt => attempt.WallSeconds))),
                (stage.Attempts.Select(attempt => attempt.PeakBytes).DefaultIfEmpty().Max() / (1 << 20)).ToString(
                    CultureInfo.InvariantCulture),
                stage.Key[..10]);
            foreach (var measurement in stage.Measurements)
            {
                measurements.Add(
                    role,
                    measurement.Key,
                    measurement.Value is { } value ? value.ToString("G6", CultureInfo.InvariantCulture) : "not finite",
                    measurement is { Low: { } low, High: { } high }
                        ? string.Create(CultureInfo.InvariantCulture, $"{low:G6} – {high:G6}")
                        : "",
                    measurement.Samples.ToString(CultureInfo.InvariantCulture),
                    measurement.Labels);
            }
        }

        terminal.Text.WriteLine();
        terminal.Text.Write(stages);
        terminal.Text.WriteLine();
        terminal.Text.Write(measurements);
        terminal.Text.WriteLine();
        terminal.Text.Write(OriginText.Write(detail));
        foreach (var (role, stage) in detail.Stages.Where(part => part.Stage.Reason is not null))
            terminal.Text.WriteLine($"{role}: {PrintableText.Of(stage.Reason!, 500)}");
        return ExitCode.Ok;
    }
}
