using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Output;

/// <summary>A user's mistakes, all together.</summary>
public static class DiagnosticText
{
    public static void Write(TextWriter error, IReadOnlyList<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
            error.WriteLine(diagnostic.ToString());
        error.WriteLine($"{diagnostics.Count} mistake{(diagnostics.Count == 1 ? "" : "s")}; nothing was started");
    }
}
