using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>A user's mistakes, all together, and the exit code that they mean.</summary>
public static class DiagnosticText
{
    // A mistake quotes what it is about, and that may be a text without end.
    private const int LongestMistake = 4_000;

    /// <summary>Writes warnings, each once, one line each.</summary>
    public static void Warn(TextWriter error, IReadOnlyList<Diagnostic> warnings)
    {
        foreach (var warning in warnings.Distinct())
            Line(error, $"warning: {warning}");
    }

    /// <summary>
    /// Writes each mistake once: files that extend the same file share its mistakes. A file that is not there is listed once too, however
    /// many options name it.
    /// </summary>
    /// <returns>4 where nothing but files is missing, else 2.</returns>
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
        error.WriteLine(PrintableText.Of(PrintableText.Shortened(text, LongestMistake), int.MaxValue));

    private static string Count(int count, string one, string several) => count == 0 ? "" : $"{count} {(count == 1 ? one : several)}";
}
