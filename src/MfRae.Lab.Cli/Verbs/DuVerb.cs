using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`du`: prints the disk space of the store by kind of file and by experiment.</summary>
internal static class DuVerb
{
    private const string Database = "database";

    public static Command Create(LabContext lab)
    {
        var name = new Argument<string?>("EXPERIMENT")
        {
            Description = "Only this experiment, by the kinds of its files",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommonOptions.Json("Print JSON, with sizes in bytes");
        var command = new Verb("du", "Show the disk space of the store by kind of file and by experiment", "ablation-lambda") { name, json };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetValue(name), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string? name, bool json)
    {
        if (!Directory.Exists(lab.Paths.Store))
            throw new LabException($"{lab.Paths.Show(lab.Paths.Store)}: the store does not exist. Run an experiment, or give its folder with --store");
        var usage = StoreUsage.Of(lab.Store);
        if (name is null)
        {
            var database = DatabaseFiles(lab.Paths.Database);
            Write(lab, usage.Experiments, [.. usage.Kinds, .. database.Files > 0 ? [database] : (KindUsage[])[]], null, json);
            return ExitCode.Ok;
        }

        var known = usage.Experiments.Select(one => one.Name).OfType<string>().ToList();
        var wanted = name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;
        var found = usage.Experiments.FirstOrDefault(one => one.Name == wanted)
            ?? throw new LabException($"the store has no experiment `{PrintableText.Of(name)}`; {NameResolver.Near(wanted, known)}");
        Write(lab, [found], found.Kinds, found.Name, json);
        return ExitCode.Ok;
    }

    private static void Write(LabContext lab, IReadOnlyList<ExperimentUsage> experiments, IReadOnlyList<KindUsage> kinds, string? subject, bool json)
    {
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(new UsageJson(kinds.Sum(kind => kind.Bytes), kinds, experiments)));
            return;
        }

        var table = new TextTable("kind", "files", "size", "deleted by");
        foreach (var kind in kinds)
            table.Add(kind.Kind, Number(kind.Files), ByteSize.Text(kind.Bytes), Remedy(kind.Kind));
        lab.Terminal.Text.Write(table.Add("total", Number(kinds.Sum(kind => kind.Files)), ByteSize.Text(kinds.Sum(kind => kind.Bytes)), ""));
        if (subject is null && experiments.Count > 0)
        {
            var names = new TextTable("experiment", "stages", "size", "not shared");
            foreach (var one in experiments)
                names.Add(one.Name ?? "(no current plan)", Number(one.Stages), ByteSize.Text(one.Bytes), ByteSize.Text(one.Own));
            lab.Terminal.Text.WriteLine();
            lab.Terminal.Text.Write(names);
        }
    }

    private static string Remedy(string kind) => StoredFiles.Names.Contains(kind) ? $"gc --kind {kind}"
        : kind is StoreUsage.Records or Database ? ""
        : "gc";

    private static KindUsage DatabaseFiles(string path)
    {
        var files = ((string[])["", "-wal", "-shm"]).Select(suffix => new FileInfo(path + suffix)).Where(file => file.Exists).ToList();
        return new(Database, files.Count, files.Sum(file => file.Length));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record UsageJson(long Bytes, IReadOnlyList<KindUsage> Kinds, IReadOnlyList<ExperimentUsage> Experiments);
}
