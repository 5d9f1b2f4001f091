using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>A user's mistakes, all together.</summary>
public static class DiagnosticText
{
    // A mistake quotes what it is about, and that may be a text without end.
    private const int LongestMistake = 4_000;

    public static void Write(TextWriter error, IReadOnlyList<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
            error.WriteLine(PrintableText.Of(PrintableText.Shortened(diagnostic.ToString(), LongestMistake), int.MaxValue));
        error.WriteLine($"{diagnostics.Count} mistake{(diagnostics.Count == 1 ? "" : "s")}; nothing was started");
    }
}
