using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Reads experiment files and reports every mistake in all of them.</summary>
public sealed class ValidateVerb(Terminal terminal, string workingDirectory)
{
    /// <param name="overrides">`path.to.option=value`, for each of the files.</param>
    public int Execute(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        var diagnostics = new List<Diagnostic>();
        foreach (var file in files)
        {
            var read = ExperimentReader.Read(file, overrides, workingDirectory);
            diagnostics.AddRange(read.Diagnostics);
            if (read.Experiment is { } experiment)
                terminal.Text.WriteLine($"{file}: {experiment.Arms.Count} arms, {experiment.Seeds.Count} seeds");
        }

        return diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(terminal.Error, diagnostics);
    }
}
