using System.CommandLine;
using System.Globalization;

namespace MfRae.Lab.Cli;

/// <summary>The verbs that look at what was recorded, and that sort it.</summary>
internal sealed class RecordCommands(Composition composition, Func<ParseResult, LabPaths> placesOf)
{
    public IEnumerable<Command> Build() => [Diff(), Compare(), History(), Logs(), Tag(), Note(), Archive(), Rm()];

    private Command Diff()
    {
        var (one, other, json) = (Run("RUN"), Run("OTHER"), Json());
        var command = new Command("diff", "Say in what two runs differ: options, stages, and what their values are values of")
        {
            one, other, json,
        };
        command.SetAction(parsed => composition.Diff(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(one), parsed.GetRequiredValue(other), parsed.GetValue(json)));
        return command;
    }

    private Command Compare()
    {
        var (one, other, json) = (Version("EXPERIMENT"), Version("OTHER"), Json());
        var metric = new Option<string>("--metric") { Description = "Only this one, as fid@1", HelpName = "METRIC" };
        var command = new Command("compare",
            "Put the arms of two experiments side by side; exit 3 and every field that differs where values are not comparable")
        {
            one, other, metric, json,
        };
        command.SetAction(parsed => composition.Compare(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(one), parsed.GetRequiredValue(other), parsed.GetValue(metric), parsed.GetValue(json)));
        return command;
    }

    private Command History()
    {
        var (experiment, json) = (Experiment("EXPERIMENT"), Json());
        var command = new Command("history",
            "List the versions of an experiment, oldest first: what changed, how the runs ended, and what they measured")
        {
            experiment, json,
        };
        command.SetAction(parsed => composition.History(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(experiment), parsed.GetValue(json)));
        return command;
    }

    private Command Logs()
    {
        var (run, json) = (Run("RUN"), Json());
        var stage = new Option<string>("--stage") { Description = "Only the stage in this role, as meanflow", HelpName = "ROLE" };
        var tail = new Option<int>("--tail")
        {
            Description = "The last lines of each log only",
            HelpName = "N",
            DefaultValueFactory = _ => int.MaxValue,
        };
        tail.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !uint.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError("--tail takes a number from 0");
        });
        var command = new Command("logs", "Show what the stages of a run printed") { run, stage, tail, json };
        command.SetAction(parsed => composition.Logs(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(run), parsed.GetValue(stage), parsed.GetValue(tail), parsed.GetValue(json)));
        return command;
    }

    private Command Tag()
    {
        var (subject, json) = (Subject(), Json());
        var tags = new Argument<string[]>("TAG") { Description = "Words to add; none: show them", Arity = ArgumentArity.ZeroOrMore };
        var remove = new Option<bool>("--remove") { Description = "Take these away instead" };
        var command = new Command("tag", "Show, add or remove tags of an experiment or a run") { subject, tags, remove, json };
        command.SetAction(parsed => composition.Tag(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(subject), parsed.GetValue(tags) ?? [], parsed.GetValue(remove), parsed.GetValue(json)));
        return command;
    }

    private Command Note()
    {
        var (subject, json) = (Subject(), Json());
        var text = new Argument<string?>("TEXT")
        {
            Description = "The note, in place of the one that is there; \"\" removes it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("note", "Show or write the note of an experiment or a run") { subject, text, json };
        command.SetAction(parsed => composition.Note(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(subject), parsed.GetValue(text), parsed.GetValue(json)));
        return command;
    }

    private Command Archive()
    {
        var experiment = Experiment("EXPERIMENT");
        var undo = new Option<bool>("--undo") { Description = "Take it out again" };
        var command = new Command("archive", "Put an experiment away: ls passes over it, and gc may delete what only it needs")
        {
            experiment, undo,
        };
        command.SetAction(parsed => composition.Archive(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(experiment), parsed.GetValue(undo)));
        return command;
    }

    private Command Rm()
    {
        var experiment = Experiment("EXPERIMENT");
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be removed, without removing it" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask; without it a person at a terminal is asked, and a script is not" };
        var command = new Command("rm", "Remove an experiment from the database and free its name; refused where something cites it")
        {
            experiment, dryRun, yes,
        };
        command.SetAction(parsed => composition.Rm(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(experiment), parsed.GetValue(dryRun), parsed.GetValue(yes)));
        return command;
    }

    private static Argument<string> Run(string name) => new(name) { Description = "The first digits of a run's id" };

    private static Argument<string> Experiment(string name) => new(name) { Description = "An experiment's name or file" };

    private static Argument<string> Version(string name) =>
        new(name) { Description = "An experiment's name or file, or a version of it as NAME@1 (see history)" };

    private static Argument<string> Subject() => new("RUN|EXPERIMENT") { Description = "The first digits of a run's id, or an experiment's name" };

    private static Option<bool> Json() => new("--json") { Description = "As JSON" };
}
