using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Says what an experiment's networks cost, without training and without the files that it names.</summary>
public sealed class ProfileVerb(Terminal terminal, string workingDirectory)
{
    public int Execute(string file, IReadOnlyList<string> overrides, bool json)
    {
        var read = ExperimentReader.Read(file, overrides, workingDirectory, needFiles: false);
        if (read.Experiment is not { } experiment)
            return DiagnosticText.Write(terminal.Error, read.Diagnostics);

        var arms = Profiler.Profile(experiment, workingDirectory);
        terminal.Out.Write(json ? ProfileJson.Write(experiment.Name, arms) + "\n" : ProfileText.Write(experiment, arms));
        return ExitCode.Ok;
    }
}
