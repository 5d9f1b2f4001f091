using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Support;

/// <summary>Runs the real worker on a thread of this process.</summary>
internal sealed class ThreadLauncher(Func<StageDefinition, IStage>? create = null) : IWorkerLauncher
{
    private readonly Lock _gate = new();
    private int _running;

    public List<StageSpec> Started { get; } = [];

    public int MostAtOnce { get; private set; }

    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        lock (_gate)
        {
            Started.Add(spec);
            MostAtOnce = Math.Max(MostAtOnce, ++_running);
        }

        return new ThreadWorker(stop =>
        {
            var code = Worker.Run(folder, create ?? TestWorker.Program.Create, "cpu", 1, null, TimeProvider.System, stop);
            lock (_gate)
            {
                _running--;
            }

            return code;
        });
    }
}
