using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Finds the experiment or run that a word of the command line names: an experiment by its name or file, a run by the first digits of its id.</summary>
internal sealed class NameResolver(RunQueries queries)
{
    private readonly IReadOnlyList<string> _names = queries.Names();

    /// <summary>The complete record of an experiment.</summary>
    /// <exception cref="LabException">The experiment does not exist or cannot be read.</exception>
    public ExperimentRecord Experiment(string text) => Name(text) is var name && queries.Experiment(name) is { } record
        ? record
        : throw new LabException(Unreadable(name));

    /// <summary>The record without curves and images, see <see cref="RunQueries.Outline"/>.</summary>
    /// <exception cref="LabException">As <see cref="Experiment"/>.</exception>
    public ExperimentRecord Outline(string text) => Name(text) is var name && queries.Outline(name) is { } record
        ? record
        : throw new LabException(Unreadable(name));

    /// <summary>The outline of the current plan of an experiment, or of the version `NAME@NUMBER`.</summary>
    /// <exception cref="LabException">The experiment or version does not exist or cannot be read.</exception>
    public ExperimentRecord Version(string text) => Numbered(text) is var (name, number)
        ? queries.Version(name, number) ?? throw NoVersion(name, number)
        : Outline(text);

    /// <summary>Name and number of `NAME@NUMBER`; null if the text is not a version of a recorded experiment.</summary>
    public (string Name, int Number)? Numbered(string text) =>
        Find(text) is null && text.LastIndexOf('@') is > 0 and var at && Find(text[..at]) is { } name
        && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (name, number)
            : null;

    /// <summary>Whether the experiment has a version of this number.</summary>
    public bool HasVersion(string name, int number) => queries.Versions(name).Any(version => version.Number == number);

    /// <summary>The error for a version that does not exist.</summary>
    public LabException NoVersion(string name, int number)
    {
        var count = queries.Versions(name).Count;
        return new($"{PrintableText.Of(name)} has {(count == 1 ? "only the version @1" : $"only the versions @1 to @{count}")}, not @{number}; "
            + $"`history {PrintableText.Of(name)}` lists them");
    }

    /// <summary>The message for a recorded experiment that cannot be read.</summary>
    public static string Unreadable(string name) => $"the experiment `{PrintableText.Of(name)}` cannot be read; `db check` reports the problem";

    /// <summary>The name of an experiment, without reading its record.</summary>
    /// <exception cref="LabException">The experiment does not exist.</exception>
    public string Name(string text) => Find(text)
        ?? throw new LabException(Numbered(text) is not null
            ? $"`{PrintableText.Of(text)}` is a version of an experiment. `compare`, `report --against` and `ls` accept versions; this command requires the experiment"
            : $"the database has no experiment `{PrintableText.Of(text)}`; {Advice(text)}");

    /// <summary>The run whose id begins with the text.</summary>
    /// <exception cref="LabException">No run id begins with the text, or several do.</exception>
    public RunListing Run(string text) => queries.Show(text).Run;

    /// <summary>The experiment of exactly this name, otherwise the run; with the outline of the experiment.</summary>
    /// <exception cref="LabException">The text names neither.</exception>
    public (ExperimentRecord Experiment, RunListing? Run) Any(string text)
    {
        var (name, run) = Names(text);
        return (Outline(name), run);
    }

    /// <summary>The experiment of exactly this name, otherwise the run; without reading the experiment.</summary>
    /// <exception cref="LabException">The text names neither.</exception>
    public (string Experiment, RunListing? Run) Names(string text)
    {
        if (Find(text) is { } name)
            return (name, null);
        if (text.Length == 0 || !text.All(char.IsAsciiHexDigit))
            throw new LabException($"`{PrintableText.Of(text)}` is neither an experiment nor a run id; {Advice(text)}");
        var run = Run(text);
        return (run.Experiment, run);
    }

    /// <summary>Throws if the arm does not exist.</summary>
    /// <exception cref="LabException">The arm does not exist.</exception>
    public static void RequireArm(string arm, IReadOnlyCollection<string> arms)
    {
        if (!arms.Contains(arm))
            throw new LabException($"the experiment has no arm `{PrintableText.Of(arm)}`; {Near(arm, arms)}");
    }

    /// <summary>A suggestion of the most similar name, or the list of names.</summary>
    public static string Near(string text, IReadOnlyCollection<string> names) => Nearest.Suggest(text, names);

    private string? Find(string text) => _names.Contains(text) ? text
        : text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && _names.Contains(Path.GetFileNameWithoutExtension(text))
            ? Path.GetFileNameWithoutExtension(text)
            : null;

    private string Advice(string text) => _names.Count == 0
        ? "no experiment has been run yet"
        : Near(text, _names) + "; `ls` lists all runs";
}

/// <summary>The runs that `RUN|EXPERIMENT`, `--arm` and `--seed` name together.</summary>
internal static class RunSelection
{
    /// <param name="run">The run that the command names; null if it names the experiment.</param>
    /// <param name="arm">Only runs of this arm; null for all.</param>
    /// <param name="seed">Only runs of this seed; null for all.</param>
    /// <exception cref="LabException">The arm, the seed or their combination does not exist, or a run is named together with an arm or a seed.</exception>
    public static List<RunRecord> Of(ExperimentRecord record, RunListing? run, string? arm, long? seed)
    {
        if (run is not null)
        {
            return arm is null && seed is null
                ? [.. record.Runs.Where(candidate => candidate.Id == run.Id)]
                : throw new LabException($"the run {run.Id} already has one arm and one seed: use --arm and --seed with an experiment");
        }

        if (arm is not null)
            NameResolver.RequireArm(arm, [.. record.Arms.Select(one => one.Name)]);
        if (seed is { } number && !record.Seeds.Contains(number))
            throw new LabException($"{record.Name} has no seed {number}; its seeds are {string.Join(", ", record.Seeds)}");
        return record.Runs.Where(one => (arm is null || one.Arm == arm) && (seed is null || one.Seed == seed)).ToList() is { Count: > 0 } runs
            ? runs
            : throw new LabException($"{record.Name} has no run of the arm {arm} with the seed {seed}");
    }
}

/// <summary>Prevents experiments whose report page would be the same file as another page.</summary>
internal static class RecordedNames
{
    private const string Against = "-vs-";

    /// <summary>The name of the page that compares two experiments.</summary>
    public static string Pair(string one, string other) => one + Against + other;

    /// <summary>The names of all recorded experiments; empty if the database cannot be read, which verbs that write to it report.</summary>
    public static IReadOnlyList<string> In(LabPaths paths)
    {
        try
        {
            if (!File.Exists(paths.Database))
                return [];
            using var database = LabDatabase.OpenReadOnly(paths.Database);
            return new RunQueries(database).Names();
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return [];
        }
    }

    /// <summary>A diagnostic if the experiment cannot be recorded under its name.</summary>
    public static IEnumerable<Diagnostic> Check(LabPaths paths, Experiment experiment) =>
        Conflict(In(paths), experiment.Name) is { } conflict ? [new Diagnostic(experiment.Path, 0, "$", conflict, "rename the file")] : [];

    /// <summary>The reason why a new experiment cannot have this name; null if it can.</summary>
    /// <param name="recorded">The names in the database; a name that is among them is not new.</param>
    public static string? Conflict(IReadOnlyCollection<string> recorded, string name)
    {
        if (recorded.Contains(name))
            return null;
        if (recorded.FirstOrDefault(other => ArtifactName.SameFile.Equals(other, name)) is { } same)
            return $"`{name}` and the recorded experiment `{same}` differ only in upper and lower case: on some systems their pages would be one file";
        for (var at = name.IndexOf(Against, StringComparison.Ordinal); at >= 0; at = name.IndexOf(Against, at + 1, StringComparison.Ordinal))
        {
            var (one, other) = (name[..at], name[(at + Against.Length)..]);
            if (recorded.Contains(one, ArtifactName.SameFile) && recorded.Contains(other, ArtifactName.SameFile))
                return $"{name}.html is the page that compares `{one}` and `{other}`";
        }

        return null;
    }
}
