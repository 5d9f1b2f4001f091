using System.Text.RegularExpressions;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The stages that pages of reports name: each page gives the keys of all stages behind its numbers.</summary>
public sealed partial class CitedStages(Places places)
{
    /// <summary>The folder whose pages were committed, below that of the reports.</summary>
    public string PublishedFolder => Path.Combine(places.Reports, "published");

    /// <summary>Keys that pages cite: of all published ones, and of the others but those of experiments that are archived.</summary>
    public IReadOnlySet<string> Keys(IReadOnlyCollection<string> archived) => Pages(PublishedFolder)
        .Concat(Pages(places.Reports).Where(page => !archived.Contains(Path.GetFileNameWithoutExtension(page))))
        .SelectMany(page => Key().Matches(File.ReadAllText(page)).Select(match => match.Value))
        .ToHashSet();

    private static IEnumerable<string> Pages(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.html") : [];

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")]
    private static partial Regex Key();
}
