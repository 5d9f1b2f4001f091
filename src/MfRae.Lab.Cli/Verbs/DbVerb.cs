using System.CommandLine;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`db`: checks, copies and rebuilds the results database.</summary>
internal static class DbVerb
{
    public static Command Create(LabContext lab)
    {
        var json = CommonOptions.Json();
        var check = new Verb("check", "Check the whole file (pages, references, names, schema); exit with 3 if there is a problem", "--json") { json };
        check.SetAction(parsed => Check(lab.For(parsed), parsed.GetValue(json)));

        var rebuild = new Verb("rebuild", "Rebuild the database from the plans and journals in the store; the old file is kept", "");
        rebuild.SetAction(parsed => Rebuild(lab.For(parsed)));

        var file = new Argument<string>("FILE") { Description = "The new file; it must not exist" };
        var backup = new Verb("backup", "Copy the database to one file, even while a run writes to it", "lab-backup.db") { file };
        backup.SetAction(parsed => Backup(lab.For(parsed), parsed.GetRequiredValue(file)));

        return new Verb("db", "Check, rebuild or copy the results database", "check") { check, rebuild, backup };
    }

    private static int Check(LabContext lab, bool json)
    {
        var (output, path) = (lab.Terminal.Out, lab.Paths.Database);
        var shown = lab.Paths.Show(path);
        var health = DatabaseCheck.Of(path);
        var problems = health.Problems.Count > 0 ? health.Problems : DatabaseCheck.Unreadable(path);
        if (json)
        {
            output.WriteLine(JsonText.Of(new CheckJson(path, problems.Count == 0, health.Schema, health.Newest, problems)));
        }
        else
        {
            foreach (var problem in problems)
                output.WriteLine($"{shown}: {PrintableText.Of(problem)}");
            if (problems.Count == 0)
            {
                output.WriteLine($"{shown}: no problems found (pages, references, names, schema {health.Schema})"
                    + (health.Schema < health.Newest ? $"; the next run migrates it to schema {health.Newest}" : ""));
            }
            else
            {
                output.WriteLine("`db rebuild` rebuilds the database from the store and keeps the old file");
            }
        }

        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Incomparable;
    }

    private static int Backup(LabContext lab, string file)
    {
        using var database = lab.OpenDatabase();
        var target = Path.GetFullPath(file, lab.WorkingDirectory);
        DatabaseBackup.Write(database, target);
        lab.Terminal.Out.WriteLine($"{lab.Paths.Show(target)}: {new FileInfo(target).Length} bytes");
        return ExitCode.Ok;
    }

    private static int Rebuild(LabContext lab)
    {
        var (terminal, paths) = (lab.Terminal, lab.Paths);
        var outcome = new DatabaseRebuild(lab.Store, paths.Database).Run(lab.Time, lab.Signals.Stop);
        foreach (var warning in outcome.Warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        terminal.Out.WriteLine($"{paths.Show(paths.Database)}: {outcome.Plans} plans, {outcome.Stages} stages, "
            + $"{outcome.Journals} journals read");
        if (outcome.CarriedOver > 0)
            terminal.Out.WriteLine($"{outcome.CarriedOver} stages were copied from the old database: the store no longer has all their journals");
        if (outcome.Backup is { } backup)
            terminal.Out.WriteLine($"the old database is kept as {paths.Show(backup)}");
        using var database = lab.OpenDatabase();
        new ReportPages(new RunQueries(database), paths).Update(new HashSet<(string, string?)>());
        return ExitCode.Ok;
    }

    private sealed record CheckJson(
        string Database,
        bool Ok,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Schema,
        long NewestSchema,
        IReadOnlyList<string> Problems);
}
