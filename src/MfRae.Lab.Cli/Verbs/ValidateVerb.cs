using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Reads experiment files and reports every mistake in all of them.</summary>
public sealed class ValidateVerb(Terminal terminal, string workingDirectory)
{
    /// <param name="overrides">`path.to.option=value`, for each of the files.</param>
    public int Execute(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        List<Diagnostic> diagnostics = [], warnings = [];
        foreach (var file in files)
        {
            var read = ExperimentReader.Read(file, overrides, workingDirectory);
            diagnostics.AddRange(read.Diagnostics);
            warnings.AddRange(read.Warnings);
            if (read.Experiment is not { } experiment)
                continue;
            if (WeightPathCheck.Mistakes(experiment, workingDirectory) is { Count: > 0 } mistakes)
                diagnostics.AddRange(mistakes);
            else
                terminal.Text.WriteLine($"{file}: {experiment.Arms.Count} arms, {experiment.Seeds.Count} seeds");
        }

        DiagnosticText.Warn(terminal.Error, warnings);
        return diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(terminal.Error, diagnostics);
    }
}
