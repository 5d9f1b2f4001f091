using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Tests.Support;

/// <summary>A store in a separate folder, with a log and a launcher to run plans.</summary>
internal sealed class TestLab : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ArtifactStore Store => new(Path.Combine(_folder.Root, "store"));

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
        return new Coordinator(Store, Log, launcher ?? Threads, settings, options ?? new(), _folder.Root, TimeProvider.System).Run(
            plan, stop, abort);
    }

    /// <summary>Creates the folder of a stage like a coordinator before it starts a worker.</summary>
    public string Prepare(StageNode node, int attempt = 1)
    {
        var partial = Store.CreatePartial(node.Key);
        StageSpecFile.Write(partial, new(node, new Dictionary<string, string>(), _folder.Root, attempt, new()));
        return partial;
    }

    public string Sum(StageNode node) => File.ReadAllText(Path.Combine(Store.CompleteFolder(node.Key), "sum.txt"));

    public void Dispose() => _folder.Dispose();
}
