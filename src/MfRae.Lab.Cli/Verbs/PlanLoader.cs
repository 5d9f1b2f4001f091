using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>From an experiment file to its plan, or to everything that is wrong with it on stderr.</summary>
public sealed class PlanLoader(Terminal terminal, string workingDirectory)
{
    /// <returns>The whole plan, or null after the mistakes were told.</returns>
    /// <exception cref="LabException">A file that the options name cannot be read.</exception>
    public Plan? Load(string file, IReadOnlyList<string> overrides, IReadOnlyList<string> only)
    {
        var read = ExperimentReader.Read(file, overrides, workingDirectory);
        var diagnostics = read.Experiment is { } experiment ? ArmFilter.Check(experiment, only) : read.Diagnostics;
        if (diagnostics.Count == 0)
            return Planner.Build(read.Experiment!, FileHash.In(workingDirectory));
        DiagnosticText.Write(terminal.Error, diagnostics);
        return null;
    }
}
