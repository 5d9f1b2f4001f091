using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`gc`: deletes stages that no experiment needs, and other leftovers, from the store; or lists the candidates.</summary>
internal static class GcVerb
{
    private const string DefaultAge = "7d";

    public static Command Create(LabContext lab)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be deleted, without deleting it" };
        var olderThan = new Option<string>("--older-than")
        {
            Description = "Keep everything that was written within this time, by default a week",
            HelpName = "AGE",
            DefaultValueFactory = _ => DefaultAge,
        };
        olderThan.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Age.TryParse(token.Value, out _))
                result.AddError($"--older-than requires {Age.Form}");
        });
        var kind = CommonOptions.Kinds(
            "--kind", "Drop only the files of this kind, of all stages, and keep results, curves and images");
        var pin = new Option<string[]>("--pin") { Description = "Protect this stage from every collection; deletes nothing", HelpName = "KEY" };
        var unpin = new Option<string[]>("--unpin") { Description = "Remove the protection of a stage; deletes nothing", HelpName = "KEY" };
        var json = CommonOptions.Json("Print JSON, with the name of each deleted folder");
        var command = new Verb("gc", "Delete stages that no experiment needs, and other leftovers, from the store", "--dry-run --older-than 30d")
        {
            dryRun, olderThan, kind, pin, unpin, json,
        };
        command.SetAction(parsed =>
        {
            var context = lab.For(parsed);
            var (pins, unpins) = (parsed.GetValue(pin) ?? [], parsed.GetValue(unpin) ?? []);
            if (pins.Length + unpins.Length > 0)
                return ChangePins(context, pins, unpins);
            var age = Age.TryParse(parsed.GetRequiredValue(olderThan), out var read) ? read : throw new InvalidOperationException("unchecked age");
            var collection = new Collection(context, parsed.GetValue(dryRun), age, parsed.GetRequiredValue(olderThan), parsed.GetValue(json));
            return parsed.GetKinds(kind) is var kinds && kinds != StoredFileKinds.None ? Trim(collection, kinds) : Collect(collection);
        });
        return command;
    }

    /// <exception cref="LabException">The database does not exist: without it every stage would look unused.</exception>
    private static int Collect(Collection of)
    {
        var (lab, dryRun, olderThan, _, json) = of;
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        var sweeper = new StoreSweeper(lab.Store, lab.Time);
        var plan = dryRun
            ? sweeper.Survey(Roots(lab, queries), olderThan)
            : sweeper.Sweep(() => Roots(lab, queries), olderThan, lab.Signals.Stop);
        if (json)
            lab.Terminal.Out.WriteLine(Json(plan, dryRun));
        else
            lab.Terminal.Out.Write(Table(plan, dryRun) + Rule(of));
        return ExitCode.Ok;
    }

    /// <summary>Drops the files of some kinds. No stage becomes incomplete, so neither the database nor the pages matter.</summary>
    private static int Trim(Collection of, StoredFileKinds kinds)
    {
        var (lab, dryRun, olderThan, _, json) = of;
        var trimmer = new StoreTrimmer(lab.Store, lab.Time);
        var plan = dryRun ? trimmer.Survey(new(kinds, olderThan)) : trimmer.Drop(new(kinds, olderThan), "gc");
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(new TrimJson(dryRun, [.. plan.Items.Select(item => new TrimItemJson(
                StoredFiles.Name(item.Kind), item.Key, item.Label, item.Files, item.Bytes, Decision(item.Decision)))])));
            return ExitCode.Ok;
        }

        var table = new TextTable("kind", "stages", dryRun ? "would drop" : "dropped", "kept", "of it needed", "pinned", "recent");
        foreach (var kind in StoredFiles.Split(kinds).Select(one => (Name: StoredFiles.Name(one), Items: plan.Items.Where(item => item.Kind == one).ToList())))
        {
            string Size(Func<TrimItem, bool> those) => ByteSize.Text(kind.Items.Where(those).Sum(item => item.Bytes));
            table.Add(
                kind.Name, Number(kind.Items.Count), Size(item => item.Decision == TrimDecision.Dropped), Size(item => item.Decision != TrimDecision.Dropped),
                Size(item => item.Decision == TrimDecision.Needed), Size(item => item.Decision == TrimDecision.Pinned),
                Size(item => item.Decision == TrimDecision.Recent));
        }

        lab.Terminal.Out.Write(table + Rule(of) + "Results, curves and images stay. A run that needs a dropped file computes it again.\n");
        return ExitCode.Ok;
    }

    // States the rule that keeps most of what a user expects to be deleted.
    private static string Rule(Collection of) => of.OlderThan == TimeSpan.Zero
        ? ""
        : $"Stages that were written within the last {of.Age} are kept; `--older-than 0` includes them.\n";

    private static string Decision(TrimDecision decision) => decision.ToString().ToLowerInvariant();

    private static int ChangePins(LabContext lab, string[] pin, string[] unpin)
    {
        var pins = new StorePins(lab.Store);
        foreach (var prefix in pin)
            lab.Terminal.Out.WriteLine($"pinned {pins.Add(prefix)}");
        foreach (var prefix in unpin)
            lab.Terminal.Out.WriteLine($"unpinned {pins.Remove(prefix)}");
        return ExitCode.Ok;
    }

    private static HashSet<string> Roots(LabContext lab, RunQueries queries)
    {
        var known = queries.Plans().ToHashSet();
        // A plan that the database does not know has only just begun, or belongs to another database.
        var unknown = new StoreRecords(lab.Store).Plans().Where(plan => !known.Contains((plan.Name, plan.Hash)));
        return
        [
            .. queries.LiveStages(),
            .. new CitedStages(lab.Paths).Keys(queries.Annotations().Archived.ToHashSet()),
            .. unknown.SelectMany(plan => plan.Stages).Select(stage => stage.Key),
        ];
    }

    private static TextTable Table(SweepPlan plan, bool dryRun)
    {
        var table = new TextTable("class", "kept", "size kept", dryRun ? "would delete" : "deleted", "size");
        foreach (var row in plan.Rows())
            table.Add(Name(row.Class), Number(row.Kept), ByteSize.Text(row.KeptBytes), Number(row.Doomed), ByteSize.Text(row.DoomedBytes));
        return table.Add(
            "total",
            Number(plan.Kept.Count),
            ByteSize.Text(plan.Kept.Sum(item => item.Bytes)),
            Number(plan.Doomed.Count),
            ByteSize.Text(plan.Doomed.Sum(item => item.Bytes)));
    }

    private static string Json(SweepPlan plan, bool dryRun) => JsonText.Of(new SweepJson(
        dryRun,
        [.. plan.Rows().Select(row => new ClassJson(Name(row.Class), row.Kept, row.KeptBytes, row.Doomed, row.DoomedBytes))],
        [.. plan.Doomed.Select(item => new ItemJson(Name(item.Class), item.Name, item.Bytes, item.Touched))]));

    private static string Name(SweepClass kind) => kind switch
    {
        SweepClass.Stage => "stages",
        SweepClass.Partial => "unfinished stages",
        SweepClass.SetAside => "set aside",
        SweepClass.Features => "feature cache",
        _ => "left by an earlier gc",
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <param name="OlderThan">Everything with a more recent write is kept.</param>
    /// <param name="Age">The age as written.</param>
    private sealed record Collection(LabContext Lab, bool DryRun, TimeSpan OlderThan, string Age, bool Json);

    private sealed record TrimJson(bool DryRun, IReadOnlyList<TrimItemJson> Items);

    private sealed record TrimItemJson(string Kind, string Key, string Stage, IReadOnlyList<string> Files, long Bytes, string Decision);

    private sealed record SweepJson(bool DryRun, IReadOnlyList<ClassJson> Classes, IReadOnlyList<ItemJson> Deleted);

    private sealed record ClassJson(string Class, int Kept, long KeptBytes, int Deleted, long DeletedBytes);

    private sealed record ItemJson(string Class, string Name, long Bytes, DateTimeOffset Touched);
}

/// <summary>A duration on the command line: `7d`, `12h`, `30m`, `0s` or `0`.</summary>
internal static class Age
{
    public const string Form = "a whole number of days, hours, minutes or seconds, such as 7d, 12h, 30m or 0s";

    private const int MostDays = 36500;

    public static bool TryParse(string text, out TimeSpan age)
    {
        age = TimeSpan.Zero;
        if (text == "0")
            return true;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > MostDays)
        {
            return false;
        }

        TimeSpan? parsed = text[^1] switch
        {
            'd' => TimeSpan.FromDays(number),
            'h' => TimeSpan.FromHours(number),
            'm' => TimeSpan.FromMinutes(number),
            's' => TimeSpan.FromSeconds(number),
            _ => null,
        };
        age = parsed ?? TimeSpan.Zero;
        return parsed is not null;
    }
}

/// <summary>The stage keys in report pages and experiment files. A page contains the keys of all stages that its numbers depend on.</summary>
internal sealed partial class CitedStages(LabPaths paths)
{
    /// <summary>The keys in all published pages, and in the unpublished pages of experiments that are not archived.</summary>
    public IReadOnlySet<string> Keys(IReadOnlyCollection<string> archived) => Published()
        .Concat(Pages(paths.Reports).Where(page => !archived.Contains(Path.GetFileNameWithoutExtension(page))))
        .SelectMany(page => In(File.ReadAllText(page)))
        .ToHashSet();

    /// <summary>The published pages.</summary>
    public IReadOnlyList<string> Published() => Pages(paths.Published);

    /// <summary>The experiment files below the working directory.</summary>
    public IReadOnlyList<string> ExperimentFiles() => Path.Combine(paths.WorkingDirectory, "experiments") is var folder && Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>All words of a text that look like a stage key.</summary>
    public static IEnumerable<string> In(string text) => Key().Matches(text).Select(match => match.Value);

    private static IReadOnlyList<string> Pages(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.html").Order(StringComparer.Ordinal)] : [];

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")]
    private static partial Regex Key();
}
