using System.Text.RegularExpressions;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The stages that files name: a report's page gives the keys of all stages behind its numbers.</summary>
public sealed partial class CitedStages(Places places)
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
