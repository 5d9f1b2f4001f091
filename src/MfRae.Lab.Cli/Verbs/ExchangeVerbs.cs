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

/// <summary>`export`: writes the data of an experiment as tables or TensorBoard event files, or packs it into a capsule for another lab.</summary>
internal static class ExportVerb
{
    private const string Capsule = "capsule";

    private static readonly (string Word, ExportFormat Format)[] Tables =
        [("csv", ExportFormat.Csv), ("parquet", ExportFormat.Parquet), ("tensorboard", ExportFormat.TensorBoard)];

    public static Command Create(LabContext lab)
    {
        var experiment = CommonOptions.Experiment();
        var to = new Option<string>("--to") { Description = "A new or empty folder; for a capsule, a file", HelpName = "PATH", Required = true };
        var format = new Option<string[]>("--format")
        {
            Description = "One or more formats [default: capsule if --to ends with .capsule, otherwise csv]",
            AllowMultipleArgumentsPerToken = true,
        };
        format.AcceptOnlyFromAmong([.. Tables.Select(entry => entry.Word), Capsule]);
        format.Validators.Add(result =>
        {
            var words = result.Tokens.Select(token => token.Value).Distinct().ToList();
            if (words.Contains(Capsule) && words.Count > 1)
                result.AddError("a capsule is a file, all other formats are folders: export them separately");
        });
        var force = new Option<bool>("--force") { Description = "Replace an earlier export" };
        var json = CommonOptions.Json("Print a summary as JSON");
        var command = new Verb("export", "Export the data of an experiment: tables, TensorBoard event files, or a capsule for another lab",
            "ablation-lambda --to ablation-lambda.capsule")
        {
            experiment, to, format, force, json,
        };
        command.SetAction(parsed =>
        {
            var target = parsed.GetRequiredValue(to);
            string[] words = parsed.GetValue(format) is [_, ..] given ? given
                : [target.EndsWith("." + Capsule, StringComparison.OrdinalIgnoreCase) ? Capsule : Tables[0].Word];
            var (context, name) = (lab.For(parsed), parsed.GetRequiredValue(experiment));
            target = Path.GetFullPath(target, lab.WorkingDirectory);
            return words is [Capsule, ..]
                ? WriteCapsule(context, name, target, parsed.GetValue(force), parsed.GetValue(json))
                : WriteTables(
                    context, name, target, [.. Tables.Where(entry => words.Contains(entry.Word)).Select(entry => entry.Format)],
                    parsed.GetValue(force), parsed.GetValue(json));
        });
        return command;
    }

    /// <exception cref="LabException">The experiment does not exist, or the folder cannot be written.</exception>
    private static int WriteTables(LabContext lab, string experiment, string target, ExportFormat[] formats, bool force, bool json)
    {
        using var database = lab.OpenDatabase();
        var name = new NameResolver(new RunQueries(database)).Name(experiment);
        var outcome = new ExperimentExport(database).Write(name, target, formats, force, lab.Signals.Stop);
        foreach (var warning in outcome.Warnings)
            lab.Terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(new TablesJson(
                outcome.Index.Experiment,
                target,
                [.. outcome.Index.Files.Select(file => new FileJson(file.Name, file.Rows, file.Size, file.Sha256))],
                outcome.Warnings)));
        }
        else
        {
            lab.Terminal.Out.Write(new TextTable("file", "rows", "bytes").Add(
                outcome.Index.Files.Select(file => new[] { file.Name, CellText.Of(file.Rows), CellText.Of(file.Size) })));
        }

        return ExitCode.Ok;
    }

    /// <exception cref="LabException">The experiment does not exist, or the file cannot be written.</exception>
    private static int WriteCapsule(LabContext lab, string experiment, string target, bool force, bool json)
    {
        var store = lab.Store;
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(experiment);
        var hash = queries.Plans().Last(plan => plan.Name == name).Hash;
        var plan = new StoreRecords(store).Plans().LastOrDefault(plan => plan.Name == name && plan.Hash == hash)
            ?? throw new LabException($"the store {lab.Paths.Show(store.Root)} has no record of the plan of {name}; run the experiment again, "
                + "which reuses all completed stages");
        var index = new CapsuleWriter(store).Write(plan, queries.Annotations(), target, force, lab.Signals.Stop);
        var stages = plan.Stages.Count(stage => store.IsComplete(stage.Key));
        var bytes = new FileInfo(target).Length;
        lab.Terminal.Out.WriteLine(json
            ? JsonText.Of(new CapsuleJson(name, target, bytes, stages, plan.Stages.Count, index.Entries.Count))
            : $"{lab.Paths.Show(target)}: {stages} of {plan.Stages.Count} stages, {index.Entries.Count} entries, {bytes} bytes");
        return ExitCode.Ok;
    }

    private sealed record TablesJson(string Experiment, string Folder, IReadOnlyList<FileJson> Files, IReadOnlyList<string> Warnings);

    private sealed record FileJson(string Name, long Rows, long Bytes, string Sha256);

    private sealed record CapsuleJson(string Experiment, string Capsule, long Bytes, int Stages, int StagesOfPlan, int Entries);
}

/// <summary>
/// `import`: adds a capsule from another lab, or runs of other programs (<see cref="LoggedRunImport"/>), to the store and the database, and
/// renders their reports.
/// </summary>
internal static class ImportVerb
{
    public static Command Create(LabContext lab)
    {
        var file = new Argument<string>("PATH") { Description = "A capsule written by `export`, or a folder with runs that mfrae_log.py logged" };
        var watch = new Option<bool>("--watch") { Description = "Import a folder again whenever its runs grow, until Ctrl-C" };
        var maxBytes = new Option<string>("--max-bytes")
        {
            Description = "Maximum size of the unpacked capsule",
            HelpName = "N",
            DefaultValueFactory = _ => CapsuleImport.DefaultMaxBytes.ToString(CultureInfo.InvariantCulture),
        };
        maxBytes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !TryParse(token.Value, out _))
                result.AddError("--max-bytes requires a positive number of bytes");
        });
        var json = CommonOptions.Json();
        var command = new Verb(
            "import", "Add a capsule, or runs of other programs, to the store and the database; intact stages that are already there are kept",
            "ablation-lambda.capsule")
        {
            file, watch, maxBytes, json,
        };
        command.SetAction(parsed =>
        {
            var (context, path) = (lab.For(parsed), parsed.GetRequiredValue(file));
            if (Directory.Exists(Path.GetFullPath(path, lab.WorkingDirectory)))
                return LoggedRunImport.Execute(context, path, parsed.GetValue(watch), parsed.GetValue(json));
            if (parsed.GetValue(watch))
                throw new LabException($"{PrintableText.Of(path)} is not a folder: --watch follows the runs below a folder");
            return Execute(
                context,
                path,
                TryParse(parsed.GetRequiredValue(maxBytes), out var most) ? most : throw new InvalidOperationException("unchecked size"),
                parsed.GetValue(json));
        });
        return command;
    }

    /// <exception cref="LabException">The file is not a valid capsule, or its name is taken; nothing was imported.</exception>
    /// <exception cref="StoreLockedException">A run is active.</exception>
    private static int Execute(LabContext lab, string file, long maxBytes, bool json)
    {
        var (terminal, paths, store) = (lab.Terminal, lab.Paths, lab.Store);
        IReadOnlyList<string> warnings = [];
        IReadOnlySet<(string, string?)> before = new HashSet<(string, string?)>();
        var outcome = new CapsuleImport(store, lab.Time).Run(
            Path.GetFullPath(file, lab.WorkingDirectory),
            maxBytes,
            (plan, annotations) =>
            {
                using var database = LabDatabase.OpenOrCreate(paths.Database);
                before = new ReportPages(new RunQueries(database), paths).State(but: plan.Name);
                warnings = new ImportedPlan(store, database).Take(plan, annotations);
            },
            name =>
            {
                if (RecordedNames.Conflict(RecordedNames.In(paths), name) is { } conflict)
                    throw new LabException($"{file} is refused: {PrintableText.Of(conflict)}. Remove that experiment first (`rm`), or import elsewhere (`--db`, `--store`, `--reports`)");
            },
            lab.Signals.Stop);
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        AnnotationSubject.Keep(queries, store);
        var reports = new ReportPages(queries, paths);
        var record = queries.Experiment(outcome.Experiment)!;
        reports.Update(before, record);

        foreach (var warning in warnings)
            terminal.Error.WriteLine($"warning: {PrintableText.Of(warning, 500)}");
        terminal.Out.WriteLine(json
            ? JsonText.Of(new ImportJson(outcome.Experiment, outcome.Added, outcome.Kept, outcome.SetAside, reports.File(record), warnings))
            : $"{outcome.Experiment}: {outcome.Added} stages added, {outcome.Kept} already in the store"
                + (outcome.SetAside > 0 ? $", {outcome.SetAside} damaged stages set aside" : "")
                + $"; report: {paths.Show(reports.File(record))}");
        return ExitCode.Ok;
    }

    private static bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;

    private sealed record ImportJson(string Experiment, int Added, int Kept, int SetAside, string Report, IReadOnlyList<string> Warnings);
}
