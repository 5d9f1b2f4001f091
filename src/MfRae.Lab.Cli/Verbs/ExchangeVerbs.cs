using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Export;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Writes an experiment's data as files for other programs.</summary>
public sealed class ExportVerb(Terminal terminal, LabPaths places, StopSignals signals)
{
    /// <exception cref="MfRae.Lab.Core.LabException">There is no such experiment, or the folder cannot be written to.</exception>
    public int Execute(ExportRequest request)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var name = new NameResolver(new RunQueries(database)).Name(request.Experiment);
        var target = Path.GetFullPath(request.Target, places.WorkingDirectory);
        var outcome = new ExperimentExport(database).Write(name, target, request.Formats, request.Force, signals.Stop);
        foreach (var warning in outcome.Warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        if (request.Json)
            terminal.Out.WriteLine(Json(target, outcome));
        else
            terminal.Out.Write(Table(outcome));
        return ExitCode.Ok;
    }

    private static TextTable Table(ExportOutcome outcome) => new TextTable("file", "rows", "bytes").Add(
        outcome.Index.Files.Select(file => new[] { file.Name, CellText.Of(file.Rows), CellText.Of(file.Size) }));

    private static string Json(string target, ExportOutcome outcome) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("experiment", outcome.Index.Experiment);
        json.WriteString("folder", target);
        json.Objects("files", outcome.Index.Files, file =>
        {
            json.WriteString("name", file.Name);
            json.WriteNumber("rows", file.Rows);
            json.WriteNumber("bytes", file.Size);
            json.WriteString("sha256", file.Sha256);
        });
        json.Strings("warnings", outcome.Warnings);
        json.WriteEndObject();
    });
}

/// <summary>What `export` was asked for.</summary>
/// <param name="Formats">None: a capsule.</param>
public sealed record ExportRequest(string Experiment, string Target, IReadOnlyList<ExportFormat> Formats, bool Force, bool Json);

/// <summary>Packs an experiment into one file for another lab.</summary>
public sealed class ExportCapsuleVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals)
{
    /// <exception cref="LabException">There is no such experiment, or the file cannot be written.</exception>
    public int Execute(ExportRequest request)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(request.Experiment);
        var hash = queries.Plans().Last(plan => plan.Name == name).Hash;
        var plan = new StoreRecords(store).Plans().LastOrDefault(plan => plan.Name == name && plan.Hash == hash)
            ?? throw new LabException($"the store {places.Show(store.Root)} has no record of the plan of {name}; run it again, which computes "
                + "nothing that is there");
        var target = Path.GetFullPath(request.Target, places.WorkingDirectory);
        var index = new CapsuleWriter(store).Write(plan, queries.Annotations(), target, request.Force, signals.Stop);
        var stages = plan.Stages.Count(stage => store.IsComplete(stage.Key));
        var bytes = new FileInfo(target).Length;
        terminal.Out.WriteLine(request.Json ? JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("experiment", name);
            writer.WriteString("capsule", target);
            writer.WriteNumber("bytes", bytes);
            writer.WriteNumber("stages", stages);
            writer.WriteNumber("stagesOfPlan", plan.Stages.Count);
            writer.WriteNumber("entries", index.Entries.Count);
            writer.WriteEndObject();
        }) : $"{places.Show(target)}: {stages} of {plan.Stages.Count} stages, {index.Entries.Count} entries, {bytes} bytes");
        return ExitCode.Ok;
    }
}

/// <summary>Takes what another lab packed into store and database, and renders its report.</summary>
public sealed class ImportVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <exception cref="LabException">The file is no capsule, or not as it says, or its name is taken; nothing was taken in.</exception>
    /// <exception cref="StoreLockedException">A run is going on.</exception>
    public int Execute(string file, long maxBytes, bool json)
    {
        IReadOnlyList<string> warnings = [];
        IReadOnlySet<(string, string?)> before = new HashSet<(string, string?)>();
        var outcome = new CapsuleImport(store, time).Run(
            Path.GetFullPath(file, places.WorkingDirectory),
            maxBytes,
            (plan, marks) =>
            {
                using var database = LabDatabase.OpenOrCreate(places.Database);
                before = new ReportPages(new RunQueries(database), places).State(but: plan.Name);
                warnings = new ImportedPlan(store, database).Take(plan, marks);
            },
            name =>
            {
                if (RecordedNames.Conflict(RecordedNames.In(places), name) is { } conflict)
                    throw new LabException($"{file} is refused: {PrintableText.Of(conflict)}. Remove that experiment first (`rm`), or import elsewhere (`--db`, `--store`, `--reports`)");
            },
            signals.Stop);
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        AnnotationSubject.Keep(queries, store);
        var reports = new ReportPages(queries, places);
        var record = queries.Experiment(outcome.Experiment)!;
        reports.Update(before, record);

        foreach (var warning in warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        terminal.Out.WriteLine(json ? JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("experiment", outcome.Experiment);
            writer.WriteNumber("added", outcome.Added);
            writer.WriteNumber("kept", outcome.Kept);
            writer.WriteNumber("setAside", outcome.SetAside);
            writer.WriteString("report", reports.File(record));
            writer.Strings("warnings", warnings);
            writer.WriteEndObject();
        }) : $"{outcome.Experiment}: {outcome.Added} stages added, {outcome.Kept} were there"
            + (outcome.SetAside > 0 ? $", {outcome.SetAside} damaged ones set aside" : "")
            + $"; report: {places.Show(reports.File(record))}");
        return ExitCode.Ok;
    }
}

/// <summary>The verbs that write results for other places, and read them back.</summary>
internal sealed class ExchangeCommands(Composition composition, Func<ParseResult, LabPaths> placesOf)
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
