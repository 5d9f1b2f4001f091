using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.TestWorker;

/// <summary>`worker --folder FOLDER` computes a stage; `coordinate STORE SCRIPT…` computes a chain of stages.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["worker", "--folder", var folder]:
                Console.Error.WriteLine($"threads {Environment.GetEnvironmentVariable("OMP_NUM_THREADS")}, "
                    + $"spins {Environment.GetEnvironmentVariable("GOMP_SPINCOUNT")}");
                using (var signals = new WorkerSignals())
                {
                    return Worker.Run(folder, Create, "cpu", 1, Console.OpenStandardInput(), TimeProvider.System, signals.Stop);
                }

            case ["coordinate", var root, .. var scripts]:
                var store = new ArtifactStore(root);
                var runner = new Coordinator(store, new SilentRunLog(), Launcher(), new(Device: "cpu"), new(), root, TimeProvider.System);
                return runner.Run(TestPlan.Chain(scripts), default).Succeeded ? 0 : 1;
            default:
                return 2;
        }
    }

    /// <summary>Starts this program as a worker.</summary>
    public static WorkerProcessLauncher Launcher() => new("dotnet", [typeof(Program).Assembly.Location, "worker", "--folder"]);

    public static IStage Create(StageDefinition definition) => new CountingStage(Script.Of(((ReferenceStage)definition).Split));
}
