using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Checks, copies and rebuilds the results database.</summary>
public sealed class DbVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <summary>Exit 3 where something is wrong with the file.</summary>
    public int Check(bool json)
    {
        var health = DatabaseCheck.Of(places.Database);
        var problems = health.Problems.Count > 0 ? health.Problems : DatabaseCheck.Unreadable(places.Database);
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("database", places.Database);
                writer.WriteBoolean("ok", problems.Count == 0);
                if (health.Schema is { } schema)
                    writer.WriteNumber("schema", schema);
                writer.WriteNumber("newestSchema", health.Newest);
                writer.Strings("problems", problems);
                writer.WriteEndObject();
            }));
        }
        else
        {
            foreach (var problem in problems)
                terminal.Out.WriteLine($"{places.Show(places.Database)}: {PrintableText.Of(problem)}");
            if (problems.Count == 0)
                terminal.Out.WriteLine($"{places.Show(places.Database)} is whole: pages, references, names, schema {health.Schema}"
                    + (health.Schema < health.Newest ? $" (the next run brings it to {health.Newest})" : ""));
            else
                terminal.Out.WriteLine("`db rebuild` makes it anew from the store; the file is kept beside it");
        }

        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Incomparable;
    }

    public int Backup(string file)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var target = Path.GetFullPath(file, places.WorkingDirectory);
        DatabaseBackup.Write(database, target);
        terminal.Out.WriteLine($"{places.Show(target)}: {new FileInfo(target).Length} bytes");
        return ExitCode.Ok;
    }

    public int Rebuild()
    {
        var outcome = new DatabaseRebuild(store, places.Database).Run(time, signals.Stop);
        foreach (var warning in outcome.Warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        terminal.Out.WriteLine($"{places.Show(places.Database)}: {outcome.Plans} plans, {outcome.Stages} stages, "
            + $"{outcome.Journals} journals read");
        if (outcome.CarriedOver > 0)
            terminal.Out.WriteLine($"{outcome.CarriedOver} stages are taken from the old database: the store no longer has all their journals");
        if (outcome.Backup is { } backup)
            terminal.Out.WriteLine($"the old database is kept as {places.Show(backup)}");
        using var database = LabDatabase.OpenReadOnly(places.Database);
        new ReportPages(new RunQueries(database), places).Update(new HashSet<(string, string?)>());
        return ExitCode.Ok;
    }
}
