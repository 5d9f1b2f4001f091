using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Deletes what nobody needs from the store, or says what that would be.</summary>
public sealed class GcVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    /// <exception cref="MfRae.Lab.Core.LabException">There is no database: without it everything would look like garbage.</exception>
    public int Execute(GcRequest request)
    {
        if (request.Pins.Count + request.Unpins.Count > 0)
            return ChangePins(request);
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var sweeper = new StoreSweeper(store, time);
        var plan = request.DryRun
            ? sweeper.Survey(Roots(queries), request.OlderThan)
            : sweeper.Sweep(() => Roots(queries), request.OlderThan, signals.Stop);
        terminal.Out.Write(request.Json ? SweepText.Json(plan, request.DryRun) : SweepText.Table(plan, request.DryRun));
        return ExitCode.Ok;
    }

    private int ChangePins(GcRequest request)
    {
        var pins = new StorePins(store);
        foreach (var prefix in request.Pins)
            terminal.Out.WriteLine($"pinned {pins.Add(prefix)}");
        foreach (var prefix in request.Unpins)
            terminal.Out.WriteLine($"unpinned {pins.Remove(prefix)}");
        return ExitCode.Ok;
    }

    private HashSet<string> Roots(RunQueries queries)
    {
        var known = queries.Plans().ToHashSet();
        // A plan that the database does not know is one that is just beginning, or of another database.
        var unknown = new StoreRecords(store).Plans().Where(plan => !known.Contains((plan.Name, plan.Hash)));
        return
        [
            .. queries.LiveStages(),
            .. new CitedStages(places).Keys(queries.Annotations().Archived.ToHashSet()),
            .. unknown.SelectMany(plan => plan.Stages).Select(stage => stage.Key),
        ];
    }
}

/// <summary>What the user asked `gc` for.</summary>
/// <param name="Pins">First digits of keys to pin; with any of these or of <paramref name="Unpins"/> nothing is collected.</param>
public sealed record GcRequest(bool DryRun, TimeSpan OlderThan, IReadOnlyList<string> Pins, IReadOnlyList<string> Unpins, bool Json);

/// <summary>A length of time as it is given on the command line: `7d`, `12h`, `30m`, `0s`, `0`.</summary>
public static class Age
{
    public const string Form = "a whole number of days, hours, minutes or seconds, as 7d, 12h, 30m or 0s";

    private const int MostDays = 36500;

    public static bool TryParse(string text, out TimeSpan age)
    {
        age = TimeSpan.Zero;
        if (text == "0")
            return true;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > MostDays)
            return false;
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

/// <summary>The stages that files name: a report's page gives the keys of all stages behind its numbers.</summary>
public sealed partial class CitedStages(LabPaths places)
{
    /// <summary>Keys that pages cite: of all published ones, and of the others but those of experiments that are archived.</summary>
    public IReadOnlySet<string> Keys(IReadOnlyCollection<string> archived) => Published()
        .Concat(Pages(places.Reports).Where(page => !archived.Contains(Path.GetFileNameWithoutExtension(page))))
        .SelectMany(page => In(File.ReadAllText(page)))
        .ToHashSet();

    /// <summary>The pages that were committed, below the folder of reports.</summary>
    public IReadOnlyList<string> Published() => Pages(places.Published);

    public IReadOnlyList<string> ExperimentFiles() => Path.Combine(places.WorkingDirectory, "experiments") is var folder && Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Everything in a text that looks like a stage's key.</summary>
    public static IEnumerable<string> In(string text) => Key().Matches(text).Select(match => match.Value);

    private static IReadOnlyList<string> Pages(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.html").Order(StringComparer.Ordinal)] : [];

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")]
    private static partial Regex Key();
}

/// <summary>What a collection kept and deleted, by class.</summary>
public static class SweepText
{
    public static string Table(SweepPlan plan, bool dryRun)
    {
        var table = new TextTable("class", "kept", "bytes kept", dryRun ? "would delete" : "deleted", "bytes");
        foreach (var row in plan.Rows())
            table.Add(Name(row.Class), Number(row.Kept), Number(row.KeptBytes), Number(row.Doomed), Number(row.DoomedBytes));
        return table.Add(
            "total",
            Number(plan.Kept.Count),
            Number(plan.Kept.Sum(item => item.Bytes)),
            Number(plan.Doomed.Count),
            Number(plan.Doomed.Sum(item => item.Bytes))).ToString();
    }

    public static string Json(SweepPlan plan, bool dryRun) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("dryRun", dryRun);
        json.Objects("classes", plan.Rows(), row =>
        {
            json.WriteString("class", Name(row.Class));
            json.WriteNumber("kept", row.Kept);
            json.WriteNumber("keptBytes", row.KeptBytes);
            json.WriteNumber("deleted", row.Doomed);
            json.WriteNumber("deletedBytes", row.DoomedBytes);
        });
        json.Objects("deleted", plan.Doomed, item =>
        {
            json.WriteString("class", Name(item.Class));
            json.WriteString("name", item.Name);
            json.WriteNumber("bytes", item.Bytes);
            json.WriteString("touched", item.Touched);
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static string Name(SweepClass kind) => kind switch
    {
        SweepClass.Stage => "stages",
        SweepClass.Partial => "unfinished stages",
        SweepClass.SetAside => "set aside",
        SweepClass.Features => "feature cache",
        _ => "left by an earlier gc",
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
