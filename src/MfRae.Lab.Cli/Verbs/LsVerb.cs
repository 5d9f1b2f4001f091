using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists runs.</summary>
public sealed class LsVerb(Terminal terminal, Places places)
{
    // Enough to be unique by far among the runs of one database, and what `show` takes.
    private const int IdDigits = 10;

    public int Execute(RunFilter filter)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var table = new TextTable("run", "experiment", "arm", "seed", "status", "stages", "started", "time");
        foreach (var run in new RunQueries(database).Runs(filter))
        {
            table.Add(
                run.Id[..IdDigits],
                run.Experiment,
                run.Baseline ? run.Arm + " (baseline)" : run.Arm,
                run.Seed.ToString(CultureInfo.InvariantCulture),
                run.Status,
                $"{run.Completed}/{run.Stages}",
                run.Started?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "",
                StageText.Duration(TimeSpan.FromSeconds(run.WallSeconds)));
        }

        terminal.Out.Write(table);
        return ExitCode.Ok;
    }
}
