using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Execution;

/// <summary>A store in a folder of its own and what it takes to run plans in it.</summary>
internal sealed class Lab : IDisposable
{
    private readonly TempFolder folder = new();

    public ArtifactStore Store => new(Path.Combine(folder.Path, "store"));

    public MemoryRunLog Log { get; private set; } = new();

    public ThreadLauncher Threads { get; private set; } = new();

    public RunOutcome Run(
        Plan plan,
        RunOptions? options = null,
        IWorkerLauncher? launcher = null,
        CancellationToken stop = default,
        CancellationToken abort = default,
        int jobs = 0,
        string device = "cpu")
    {
        Log = new() { Ingested = Log.Ingested, Told = Log.Told, Noticed = Log.Noticed };
        Threads = new();
        var settings = new RunSettings(Device: device, Jobs: jobs);
        return new StageRunner(Store, Log, launcher ?? Threads, settings, options ?? new(), folder.Path, TimeProvider.System).Run(
            plan, stop, abort);
    }

    /// <summary>Makes a stage's folder as a coordinator would before it starts a worker.</summary>
    public string Prepare(StageNode node, int attempt = 1)
    {
        var partial = Store.CreatePartial(node.Key);
        StageSpecFile.Write(partial, new(node, new Dictionary<string, string>(), folder.Path, attempt, new()));
        return partial;
    }

    public string Sum(StageNode node) => File.ReadAllText(Path.Combine(Store.CompleteFolder(node.Key), "sum.txt"));

    public void Dispose() => folder.Dispose();
}
