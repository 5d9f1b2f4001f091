namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Collects the mistakes and warnings of one experiment file. Arms share most of their options, so the same mistake is found once per arm
/// and kept once.
/// </summary>
internal sealed class Diagnostics
{
    private readonly HashSet<Diagnostic> _found = [];
    private readonly HashSet<Diagnostic> _warnings = [];
    private readonly List<string?> _files = [];

    public int Count => _found.Count;

    /// <summary>Adds a mistake.</summary>
    /// <param name="absent">See <see cref="Diagnostic.Absent"/>.</param>
    public void Add(Location at, string message, string? suggestion, string? absent = null) => Add(_found, at, message, suggestion, absent);

    /// <summary>Adds a warning: a valid value that is rarely intended. A run with warnings starts.</summary>
    public void Warn(Location at, string message, string? suggestion) => Add(_warnings, at, message, suggestion, absent: null);

    /// <summary>The mistakes in reading order: the given file, the files it extends, the command line; within a file by line.</summary>
    public IReadOnlyList<Diagnostic> Sorted(string firstFile) => Sorted(_found, firstFile);

    /// <summary>The warnings in the same order.</summary>
    public IReadOnlyList<Diagnostic> Warnings(string firstFile) => Sorted(_warnings, firstFile);

    private void Add(HashSet<Diagnostic> to, Location at, string message, string? suggestion, string? absent)
    {
        to.Add(new Diagnostic(at.File, at.Line, at.Path, message, suggestion, absent));
        if (at.File is not null && !_files.Contains(at.File))
        {
            _files.Add(at.File);
        }
    }

    private List<Diagnostic> Sorted(HashSet<Diagnostic> all, string firstFile) =>
    [
        .. all
            .OrderBy(found => found.File is null ? int.MaxValue : found.File == firstFile ? -1 : _files.IndexOf(found.File))
            .ThenBy(found => found.Line)
            .ThenBy(found => found.Path, StringComparer.Ordinal)
            .ThenBy(found => found.Message, StringComparer.Ordinal),
    ];
}

/// <summary>A mistake or warning: its location, a message, and a suggestion.</summary>
/// <param name="File">The file, or null for the command line.</param>
/// <param name="Line">From 1; 0 for the whole file and on the command line.</param>
/// <param name="Path">JSON path such as `$.base.meanflow.lambda`.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Suggestion">A correction, or null.</param>
/// <param name="Absent">A missing file or folder, as written in the options; null for other mistakes.</param>
public sealed record Diagnostic(string? File, int Line, string Path, string Message, string? Suggestion, string? Absent = null)
{
    /// <summary>`FILE:LINE: PATH: MESSAGE — SUGGESTION`.</summary>
    public override string ToString() =>
        $"{File ?? "command line"}{(Line > 0 ? $":{Line}" : "")}: {Path}: {Message}{(Suggestion is null ? "" : $" — {Suggestion}")}";
}

/// <summary>The location of a value or key.</summary>
/// <param name="File">The file as messages name it, or null for the command line.</param>
/// <param name="Line">From 1; 0 on the command line.</param>
/// <param name="Path">JSON path in the file; on the command line the option path.</param>
/// <param name="Depth">The number of `extends` that lead to the file; -1 on the command line. The lower the number, the more likely the
/// user edited it last.</param>
internal sealed record Location(string? File, int Line, string Path, int Depth = 0)
{
    public static Location CommandLine(string path) => new(null, 0, path, -1);

    /// <summary>Whether the location is in an arm or axis.</summary>
    public bool InArm => Path.StartsWith("$.arms", StringComparison.Ordinal) || Path.StartsWith("$.axes", StringComparison.Ordinal);

    public Location Child(string name) => this with { Path = Join(Path, name) };

    /// <summary>Appends a name to a JSON path. Names that are not identifiers are quoted: a dot in an arm or axis is not a path separator.</summary>
    public static string Join(string path, string name) =>
        path.Length == 0 ? name
        : name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$') && name.Length > 0 ? $"{path}.{name}"
        : $"{path}['{name}']";
}

/// <summary>Suggests valid names for an invalid one.</summary>
public static class Nearest
{
    private const int LongestName = 200;

    /// <summary>"did you mean" with the nearest name, or all names if no name is near.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> names) =>
        To(word, names) is { } near ? $"did you mean `{near}`?" : Either(names);

    /// <summary>"one of" with all names.</summary>
    public static string Either(IReadOnlyCollection<string> names) => names.Count switch
    {
        0 => "no name is valid here",
        1 => $"write `{names.First()}`",
        _ => "one of " + string.Join(", ", names.Select(name => $"`{name}`")),
    };

    /// <summary>The nearest name, or null if more than two fifths of its letters differ.</summary>
    public static string? To(string word, IEnumerable<string> names)
    {
        // Longer than any name: a letter-by-letter comparison would only use memory.
        if (word.Length > LongestName)
        {
            return null;
        }

        var (name, distance) = names
            .Select(name => (Name: name, Distance: Distance(word.ToLowerInvariant(), name.ToLowerInvariant())))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(candidate => candidate.Distance);
        return distance <= Math.Max(1, Math.Max(word.Length, name.Length) * 2 / 5) ? name : null;
    }

    /// <summary>The number of insertions, deletions, substitutions and swaps of adjacent letters that turn one word into the other.</summary>
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int substituted = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                int best = Math.Min(substituted, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                cost[i, j] = swapped ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
            }
        }

        return cost[a.Length, b.Length];
    }
}
