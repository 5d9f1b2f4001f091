using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What the user means by a word: an experiment by its name or file, a run by the first digits of its id.</summary>
public sealed class NameResolver(RunQueries queries)
{
    private readonly IReadOnlyList<string> _names = queries.Names();

    /// <exception cref="LabException">There is none of this name, or it cannot be read.</exception>
    public ExperimentRecord Experiment(string text) => Name(text) is var name && queries.Experiment(name) is { } record
        ? record
        : throw new LabException(Unreadable(name));

    /// <summary>The same in outline, see <see cref="RunQueries.Outline"/>.</summary>
    /// <exception cref="LabException">As <see cref="Experiment"/>.</exception>
    public ExperimentRecord Outline(string text) => Name(text) is var name && queries.Outline(name) is { } record
        ? record
        : throw new LabException(Unreadable(name));

    /// <summary>The current plan of an experiment in outline, or another one as `NAME@NUMBER`.</summary>
    /// <exception cref="LabException">There is none of this name or number, or it cannot be read.</exception>
    public ExperimentRecord Version(string text) => Numbered(text) is var (name, number)
        ? queries.Version(name, number) ?? throw NoVersion(name, number)
        : Outline(text);

    /// <summary>Name and number of `NAME@NUMBER`; null where the text names no version of an experiment of the database.</summary>
    public (string Name, int Number)? Numbered(string text) =>
        Find(text) is null && text.LastIndexOf('@') is > 0 and var at && Find(text[..at]) is { } name
        && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (name, number)
            : null;

    public bool HasVersion(string name, int number) => queries.Versions(name).Any(version => version.Number == number);

    /// <summary>The experiment has no version of this number.</summary>
    public LabException NoVersion(string name, int number)
    {
        var count = queries.Versions(name).Count;
        return new($"{PrintableText.Of(name)} has {(count == 1 ? "one version, @1" : $"the versions @1 to @{count}")}, and no @{number}; "
            + $"`history {PrintableText.Of(name)}` lists them");
    }

    /// <summary>It is listed, and no query finds it.</summary>
    public static string Unreadable(string name) => $"the experiment `{PrintableText.Of(name)}` cannot be read; `db check` says why";

    /// <summary>Its name alone: what has many points is not read for that.</summary>
    /// <exception cref="LabException">There is none of this name.</exception>
    public string Name(string text) => Find(text)
        ?? throw new LabException(Numbered(text) is not null
            ? $"`{PrintableText.Of(text)}` is a version of an experiment: compare, report --against and ls take one, this command takes the experiment"
            : $"the database has no experiment `{PrintableText.Of(text)}`; {Advice(text)}");

    /// <exception cref="LabException">No run's id starts so, or several do.</exception>
    public RunListing Run(string text) => queries.Show(text).Run;

    /// <summary>One of the two: an experiment where a name fits exactly, else a run. The experiment is read in outline.</summary>
    /// <exception cref="LabException">It is neither.</exception>
    public (ExperimentRecord Experiment, RunListing? Run) Any(string text)
    {
        var (name, run) = Names(text);
        return (Outline(name), run);
    }

    /// <summary>The same without reading the experiment.</summary>
    /// <exception cref="LabException">It is neither.</exception>
    public (string Experiment, RunListing? Run) Names(string text)
    {
        if (Find(text) is { } name)
            return (name, null);
        if (text.Length == 0 || !text.All(char.IsAsciiHexDigit))
            throw new LabException($"`{PrintableText.Of(text)}` is no experiment and no run's id; {Advice(text)}");
        var run = Run(text);
        return (run.Experiment, run);
    }

    /// <exception cref="LabException">There is no such arm.</exception>
    public static void RequireArm(string arm, IReadOnlyCollection<string> arms)
    {
        if (!arms.Contains(arm))
            throw new LabException($"there is no arm `{PrintableText.Of(arm)}`; {Near(arm, arms)}");
    }

    public static string Near(string text, IReadOnlyCollection<string> names) => Nearest.Suggest(text, names);

    private string? Find(string text) => _names.Contains(text) ? text
        : text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && _names.Contains(Path.GetFileNameWithoutExtension(text))
            ? Path.GetFileNameWithoutExtension(text)
            : null;

    private string Advice(string text) => _names.Count == 0
        ? "nothing was run yet"
        : Near(text, _names) + "; ls lists the runs";
}

/// <summary>Names of recorded experiments whose pages would be the same file as another page.</summary>
internal static class RecordedNames
{
    private const string Against = "-vs-";

    /// <summary>The page of two experiments side by side.</summary>
    public static string Pair(string one, string other) => one + Against + other;

    /// <summary>Names of all recorded experiments; an empty list if no database can be read, which verbs that write report.</summary>
    public static IReadOnlyList<string> In(LabPaths places)
    {
        try
        {
            if (!File.Exists(places.Database))
                return [];
            using var database = LabDatabase.OpenReadOnly(places.Database);
            return new RunQueries(database).Names();
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            return [];
        }
    }

    /// <summary>What keeps an experiment from being recorded under its name.</summary>
    public static IEnumerable<Diagnostic> Check(LabPaths places, Experiment experiment) =>
        Conflict(In(places), experiment.Name) is { } conflict ? [new Diagnostic(experiment.Path, 0, "$", conflict, "rename the file")] : [];

    /// <summary>Why a new experiment cannot have this name beside those that are recorded, or null.</summary>
    /// <param name="recorded">Names that the database has; a name that is one of them is no new one.</param>
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
                return $"{name}.html is the page of `{one}` and `{other}` side by side";
        }

        return null;
    }
}
