using System.CommandLine;
using MfRae.Lab.Cli.Verbs;

namespace MfRae.Lab.Cli;

/// <summary>The verbs that keep the store and the database in order.</summary>
internal sealed class StoreCommands(Composition composition, Func<ParseResult, LabPaths> placesOf)
{
    private const string DefaultAge = "7d";

    public IEnumerable<Command> Build() => [Gc(), Verify(), Db(), Doctor()];

    private Command Gc()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be deleted, and delete nothing" };
        var olderThan = new Option<string>("--older-than")
        {
            Description = "Keep everything that was written to since",
            HelpName = "AGE",
            DefaultValueFactory = _ => DefaultAge,
        };
        olderThan.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Age.TryParse(token.Value, out _))
                result.AddError($"--older-than takes {Age.Form}");
        });
        var pin = new Option<string[]>("--pin") { Description = "Keep this stage for good; collects nothing", HelpName = "KEY" };
        var unpin = new Option<string[]>("--unpin") { Description = "Take a pin away; collects nothing", HelpName = "KEY" };
        var json = new Option<bool>("--json") { Description = "As JSON, with the name of each folder" };
        var command = new Command("gc", "Delete stages that no experiment needs, and other leftovers, from the store")
        {
            dryRun, olderThan, pin, unpin, json,
        };
        command.SetAction(parsed => composition.Gc(placesOf(parsed)).Execute(new GcRequest(
            parsed.GetValue(dryRun),
            Age.TryParse(parsed.GetRequiredValue(olderThan), out var age) ? age : throw new InvalidOperationException("unchecked age"),
            parsed.GetValue(pin) ?? [],
            parsed.GetValue(unpin) ?? [],
            parsed.GetValue(json))));
        return command;
    }

    private Command Verify()
    {
        var subject = new Argument<string>("RUN|EXPERIMENT|REPORT")
        {
            Description = "The first digits of a run's id, an experiment's name or file, or a report's page",
        };
        var strict = new Option<bool>("--strict") { Description = "Another environment, commit or patch is a failure too" };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("verify",
            "Re-check hashes, measurements, source and environment against what was recorded; exit 3 where something was changed")
        {
            subject, strict, json,
        };
        command.SetAction(parsed => composition.Verify(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(subject), parsed.GetValue(strict), parsed.GetValue(json)));
        return command;
    }

    private Command Db()
    {
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var check = new Command("check", "Look through the whole file: pages, references, names, schema; exit 3 where something is wrong") { json };
        check.SetAction(parsed => composition.Db(placesOf(parsed)).Check(parsed.GetValue(json)));

        var rebuild = new Command("rebuild", "Make the database anew from the store's plans and journals; the old file is kept");
        rebuild.SetAction(parsed => composition.Db(placesOf(parsed)).Rebuild());

        var file = new Argument<string>("FILE") { Description = "Where to; it must not exist" };
        var backup = new Command("backup", "Copy the database to one file, also while a run writes to it") { file };
        backup.SetAction(parsed => composition.Db(placesOf(parsed)).Backup(parsed.GetRequiredValue(file)));

        return new("db", "Check, rebuild or copy the results database") { check, rebuild, backup };
    }

    private Command Doctor()
    {
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("doctor", "Look at runtime, libtorch, disks, store and database, and say what to do about what is wrong")
        {
            json,
        };
        command.SetAction(parsed => composition.Doctor(placesOf(parsed)).Execute(parsed.GetValue(json)));
        return command;
    }
}
