using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Output;

/// <summary>Writes the mistakes in experiment files, and determines the exit code.</summary>
internal static class DiagnosticText
{
    // A diagnostic quotes the user's text, which may be of any length.
    private const int LongestLine = 4_000;

    /// <summary>Writes each distinct warning on one line.</summary>
    public static void Warn(TextWriter error, IReadOnlyList<Diagnostic> warnings)
    {
        foreach (var warning in warnings.Distinct())
            Line(error, $"warning: {warning}");
    }

    /// <summary>
    /// Writes each distinct mistake on one line: files that extend the same file share its mistakes. A missing file is listed once, even
    /// if several options name it.
    /// </summary>
    /// <returns>4 if all diagnostics are missing files, otherwise 2.</returns>
    public static int Write(TextWriter error, IReadOnlyList<Diagnostic> diagnostics)
    {
        var mistakes = diagnostics.Where(found => found.Absent is null).Distinct().ToList();
        var absent = diagnostics.Where(found => found.Absent is not null).Distinct().GroupBy(found => found.Absent).ToList();
        foreach (var mistake in mistakes)
            Line(error, mistake.ToString());
        foreach (var group in absent)
            Line(error, group.First() + (group.Count() > 1 ? $" (also named by {string.Join(", ", group.Skip(1).Select(Place))})" : ""));
        var counts = new[] { Count(mistakes.Count, "mistake", "mistakes"), Count(absent.Count, "missing file", "missing files") };
        error.WriteLine(string.Join(" and ", counts.Where(text => text.Length > 0)) + "; nothing was started");
        return mistakes.Count > 0 ? ExitCode.Usage : ExitCode.Environment;
    }

    private static string Place(Diagnostic found) => $"{found.File ?? "the command line"}{(found.Line > 0 ? $":{found.Line}" : "")}: {found.Path}";

    private static void Line(TextWriter error, string text) =>
        error.WriteLine(PrintableText.Of(PrintableText.Shortened(text, LongestLine), int.MaxValue));

    private static string Count(int count, string one, string several) => count == 0 ? "" : $"{count} {(count == 1 ? one : several)}";
}
