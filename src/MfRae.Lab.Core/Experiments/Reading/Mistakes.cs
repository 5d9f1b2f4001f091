namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// Collects the mistakes and the warnings of one reading. Arms share most of their options, so the same mistake is met once per arm and
/// kept once.
/// </summary>
internal sealed class Mistakes
{
    private readonly HashSet<Diagnostic> _found = [];
    private readonly HashSet<Diagnostic> _warnings = [];
    private readonly List<string?> _files = [];

    public int Count => _found.Count;

    /// <param name="absent">See <see cref="Diagnostic.Absent"/>.</param>
    public void Add(Location at, string message, string? suggestion, string? absent = null) => Add(_found, at, message, suggestion, absent);

    /// <summary>Adds a warning: an allowed value that is seldom intended. A run with warnings starts.</summary>
    public void Warn(Location at, string message, string? suggestion) => Add(_warnings, at, message, suggestion, absent: null);

    /// <summary>The mistakes in reading order: the given file first, then the others, then the command line; within each by line.</summary>
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
