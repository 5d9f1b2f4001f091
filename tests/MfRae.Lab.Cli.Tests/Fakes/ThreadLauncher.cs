using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>Runs the real worker with stages of the test's own, on a thread of this process.</summary>
internal sealed class ThreadLauncher(Func<StageDefinition, IStage> create) : IWorkerLauncher
{
    public List<string> Started { get; } = [];

    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        Started.Add(spec.Node.Label);
        return new Running(stop => Worker.Run(folder, create, "cpu", 1, null, TimeProvider.System, stop));
    }

    private sealed class Running : IRunningWorker
    {
        private readonly CancellationTokenSource stop = new();

        public Running(Func<CancellationToken, int> run) =>
            Exit = Task.Factory.StartNew(
                () => Run(run), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        public Task<int> Exit { get; }

        public string Tail { get; private set; } = "";

        public void RequestStop() => stop.Cancel();

        public void Kill() => stop.Cancel();

        public void Dispose() => stop.Dispose();

        /// <summary>As the program does: the message goes to standard error, which the coordinator keeps.</summary>
        private int Run(Func<CancellationToken, int> run)
        {
            try
            {
                return run(stop.Token);
            }
            catch (LabException error)
            {
                Tail = error.Message;
                return WorkerExit.Environment;
            }
        }
    }
}
