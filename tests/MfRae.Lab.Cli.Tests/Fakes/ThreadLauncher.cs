using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>Runs the real worker with stages of the test's own, on a thread of this process.</summary>
internal sealed class ThreadLauncher(Func<StageDefinition, IStage> create) : IWorkerLauncher
{
    public List<string> Started { get; } = [];

    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        Started.Add(spec.Node.Label);
        return new ThreadWorker(stop => Worker.Run(folder, create, "cpu", 1, null, TimeProvider.System, stop));
    }
}
