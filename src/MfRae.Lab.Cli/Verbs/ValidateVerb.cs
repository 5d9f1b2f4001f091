using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Reads experiment files and tells every mistake in all of them.</summary>
public sealed class ValidateVerb(Terminal terminal, string workingDirectory)
{
    public int Execute(IReadOnlyList<string> files)
    {
        var diagnostics = new List<Diagnostic>();
        foreach (var file in files)
        {
            var read = ExperimentReader.Read(file, [], workingDirectory);
            diagnostics.AddRange(read.Diagnostics);
            if (read.Experiment is { } experiment)
                terminal.Text.WriteLine($"{file}: {experiment.Arms.Count} arms, {experiment.Seeds.Count} seeds");
        }

        if (diagnostics.Count == 0)
            return ExitCode.Ok;
        DiagnosticText.Write(terminal.Error, diagnostics);
        return ExitCode.Usage;
    }
}
