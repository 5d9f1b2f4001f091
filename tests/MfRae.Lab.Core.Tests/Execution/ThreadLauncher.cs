using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.TestWorker;

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

        return new ThreadWorker(stop =>
        {
            var code = Worker.Run(folder, create ?? TestWorker.Program.Create, "cpu", 1, null, TimeProvider.System, stop);
            lock (gate)
            {
                running--;
            }

            return code;
        });
    }
}
