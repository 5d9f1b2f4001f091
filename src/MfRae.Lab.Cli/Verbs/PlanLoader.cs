using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>From an experiment file to its plan, or to everything that is wrong with it on stderr. Warnings go there too.</summary>
public sealed class PlanLoader(Terminal terminal, Places places, CancellationToken stop)
{
    /// <param name="code">The exit code where there is no plan.</param>
    /// <returns>The whole plan, or null after the mistakes were written.</returns>
    /// <exception cref="LabException">A file that the options name cannot be read.</exception>
    public Plan? Load(string file, IReadOnlyList<string> overrides, IReadOnlyList<string> only, out int code)
    {
        var read = ExperimentReader.Read(file, overrides, places.WorkingDirectory, only: only);
        DiagnosticText.Warn(terminal.Error, read.Warnings);
        IReadOnlyList<Diagnostic> diagnostics = read.Experiment is { } experiment
            ?
            [
                .. ArmFilter.Check(experiment, only),
                .. RecordedNames.Check(places, experiment),
                .. WeightPathCheck.Mistakes(experiment, places.WorkingDirectory),
            ]
            : read.Diagnostics;
        code = diagnostics.Count == 0 ? ExitCode.Ok : DiagnosticText.Write(terminal.Error, diagnostics);
        return diagnostics.Count == 0 ? Planner.Build(read.Experiment!, FileHash.In(places.WorkingDirectory, stop)) : null;
    }
}
