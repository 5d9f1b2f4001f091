using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>Runs the real worker with stages of the test's own, on a thread of this process.</summary>
/// <param name="kills">Of which attempts the worker is killed once it has told that it started.</param>
internal sealed class ThreadLauncher(Func<StageDefinition, IStage> create, Func<StageSpec, bool>? kills = null) : IWorkerLauncher
{
    public List<string> Started { get; } = [];

    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        Started.Add(spec.Node.Label);
        if (kills?.Invoke(spec) == true)
            return new ThreadWorker(_ => Killed(spec, folder));
        return new ThreadWorker(stop => Worker.Run(folder, create, "cpu", 1, null, TimeProvider.System, stop));
    }

    // The journal has no end, as that of a process that received SIGKILL.
    private static int Killed(StageSpec spec, string folder)
    {
        using var journal = new StageJournal(folder, spec.Attempt, TimeProvider.System);
        journal.Write(new StartedEvent(spec.Attempt, "here", 1, "boot", "cpu", 1));
        return 128 + 9;
    }
}
