using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Execution;

/// <summary>Runs the real worker on a thread of this process.</summary>
internal sealed class ThreadLauncher(Func<StageDefinition, IStage>? create = null) : IWorkerLauncher
{
    private readonly Lock gate = new();
    private int running;

    public List<StageSpec> Started { get; } = [];

    public int MostAtOnce { get; private set; }

    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        lock (gate)
        {
            Started.Add(spec);
            MostAtOnce = Math.Max(MostAtOnce, ++running);
        }

        return new Running(stop =>
        {
            var code = Worker.Run(folder, create ?? TestWorker.Program.Create, "cpu", 1, null, TimeProvider.System, stop);
            lock (gate)
            {
                running--;
            }

            return code;
        });
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
