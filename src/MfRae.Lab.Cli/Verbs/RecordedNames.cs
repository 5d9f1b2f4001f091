using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Names of recorded experiments whose pages would be the same file as another page.</summary>
internal static class RecordedNames
{
    private const string Against = "-vs-";

    /// <summary>The page of two experiments side by side.</summary>
    public static string Pair(string one, string other) => one + Against + other;

    /// <summary>Names of all recorded experiments; an empty list if no database can be read, which verbs that write report.</summary>
    public static IReadOnlyList<string> In(Places places)
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
    public static IEnumerable<Diagnostic> Check(Places places, Experiment experiment) =>
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
