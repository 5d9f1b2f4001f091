using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Core.Exchange;

namespace MfRae.Lab.Cli;

/// <summary>The verbs that carry what was recorded elsewhere and back.</summary>
internal sealed class ExchangeCommands(Composition composition, Func<ParseResult, Places> placesOf)
{
    public IEnumerable<Command> Build() => [Export(), Import()];

    private Command Export()
    {
        var experiment = new Argument<string>("EXPERIMENT") { Description = "An experiment's name or file" };
        var to = new Option<string>("--to") { Description = "File, usually NAME.capsule", HelpName = "FILE", Required = true };
        var force = new Option<bool>("--force") { Description = "Replace the file that is there" };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("export", "Pack an experiment, its plan, stages and notes, into one file for another lab")
        {
            experiment, to, force, json,
        };
        command.SetAction(parsed => composition.ExportCapsule(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(experiment), parsed.GetRequiredValue(to), parsed.GetValue(force), parsed.GetValue(json)));
        return command;
    }

    private Command Import()
    {
        var file = new Argument<string>("FILE") { Description = "A capsule that `export` wrote" };
        var maxBytes = new Option<string>("--max-bytes")
        {
            Description = "The most that it may hold when unpacked",
            HelpName = "N",
            DefaultValueFactory = _ => CapsuleImport.DefaultMaxBytes.ToString(CultureInfo.InvariantCulture),
        };
        maxBytes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !TryParse(token.Value, out _))
                result.AddError("--max-bytes takes a number of bytes from 1");
        });
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("import", "Take a capsule into store and database; what is there and whole stays") { file, maxBytes, json };
        command.SetAction(parsed => composition.Import(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(file),
            TryParse(parsed.GetRequiredValue(maxBytes), out var most) ? most : throw new InvalidOperationException("unchecked size"),
            parsed.GetValue(json)));
        return command;
    }

    private static bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
}
