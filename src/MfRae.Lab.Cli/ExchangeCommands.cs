using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Exchange;
using MfRae.Lab.Tracking.Exchange;

namespace MfRae.Lab.Cli;

/// <summary>The verbs that write results for other places, and read them back.</summary>
internal sealed class ExchangeCommands(Composition composition, Func<ParseResult, Places> placesOf)
{
    private const string Capsule = "capsule";

    private static readonly (string Word, ExportFormat Format)[] Tables =
        [("csv", ExportFormat.Csv), ("parquet", ExportFormat.Parquet), ("tensorboard", ExportFormat.TensorBoard)];

    public IEnumerable<Command> Build() => [Export(), Import(), Publish()];

    private Command Export()
    {
        var experiment = new Argument<string>("EXPERIMENT") { Description = "An experiment's name or file" };
        var to = new Option<string>("--to") { Description = "A new or empty folder; for a capsule a file", HelpName = "PATH", Required = true };
        var format = new Option<string[]>("--format")
        {
            Description = "What to write; may be repeated [default: capsule where --to ends with .capsule, else csv]",
            AllowMultipleArgumentsPerToken = true,
        };
        format.AcceptOnlyFromAmong([.. Tables.Select(entry => entry.Word), Capsule]);
        format.Validators.Add(result =>
        {
            var words = result.Tokens.Select(token => token.Value).Distinct().ToList();
            if (words.Contains(Capsule) && words.Count > 1)
                result.AddError("a capsule is a file and the other formats are folders: export them one after the other");
        });
        var force = new Option<bool>("--force") { Description = "Replace what an earlier export left there" };
        var json = new Option<bool>("--json") { Description = "As JSON: what was written" };
        var command = new Command("export",
            "Write all of an experiment's data for other programs: tables, event files of TensorBoard, or a capsule for another lab")
        {
            experiment, to, format, force, json,
        };
        command.SetAction(parsed =>
        {
            var target = parsed.GetRequiredValue(to);
            string[] words = parsed.GetValue(format) is [_, ..] given ? given
                : [target.EndsWith("." + Capsule, StringComparison.OrdinalIgnoreCase) ? Capsule : Tables[0].Word];
            var request = new ExportRequest(
                parsed.GetRequiredValue(experiment),
                target,
                [.. Tables.Where(entry => words.Contains(entry.Word)).Select(entry => entry.Format)],
                parsed.GetValue(force),
                parsed.GetValue(json));
            return words is [Capsule, ..]
                ? composition.ExportCapsule(placesOf(parsed)).Execute(request)
                : composition.Export(placesOf(parsed)).Execute(request);
        });
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

    private Command Publish()
    {
        var subject = new Argument<string>("RUN|EXPERIMENT") { Description = "The first digits of a run's id, or an experiment's name" };
        var folder = new Option<string>("--to") { Description = "Folder", HelpName = "DIR", DefaultValueFactory = _ => "data/weights" };
        var arm = new Option<string>("--arm") { Description = "Only the networks of this arm" };
        var seed = new Option<long?>("--seed") { Description = "Only the networks of this seed" };
        var command = new Command("publish",
            "Copy the networks that an experiment or a run trained to a folder of weights, with cards. A network that all chosen runs share is "
                + "named after its role; of several, each has arm and seed in its name")
        {
            subject, folder, arm, seed,
        };
        command.SetAction(parsed => composition.Publish(placesOf(parsed)).Execute(
            parsed.GetRequiredValue(subject),
            parsed.GetValue(arm),
            parsed.GetValue(seed),
            Path.GetFullPath(parsed.GetRequiredValue(folder), composition.WorkingDirectory)));
        return command;
    }
}
