using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Computes a stage together with the worker that is rank 0. It has no lock and no lifeline, and writes nothing: rank 0 writes the journal,
/// checkpoints and results. It ends when rank 0 ends, because mpirun and srun end all ranks as soon as one has failed.
/// </summary>
public static class RankWorker
{
    // A failure that all ranks share, such as a divergence, is reported by rank 0, whose exit then ends this process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Computes the share of this process.</summary>
    /// <param name="folder">The folder STORE/.partial/KEY with its `spec.json`.</param>
    /// <param name="create">Creates the stage of a definition.</param>
    /// <param name="rank">The number of this process, not 0.</param>
    /// <param name="device">The device of this process. On a machine with several GPUs, each rank has another one.</param>
    /// <param name="output">Receives the reason of a failure.</param>
    /// <param name="time">The clock.</param>
    /// <returns>An exit code of <see cref="WorkerExit"/>.</returns>
    public static int Run(string folder, Func<StageDefinition, IStage> create, int rank, string device, TextWriter output, TimeProvider time)
    {
        var spec = StageSpecFile.Read(folder);
        spec = spec with { Settings = spec.Settings with { Device = device } };
        try
        {
            create(spec.Node.Definition).Run(new(spec, folder, new NoJournal(), time, CancellationToken.None));
            throw new InvalidOperationException($"the stage {spec.Node.Label} did not divide its work among ranks");
        }
        catch (RankFinishedException)
        {
            return WorkerExit.Completed;
        }
        catch (OperationCanceledException)
        {
            Thread.Sleep(Patience);
            return WorkerExit.Interrupted;
        }
        catch (Exception e)
        {
            var what = MemoryShortage.Explain(e) ?? (e is LabException or DivergedException ? e.Message : e.ToString());
            output.WriteLine($"rank {rank} of {spec.Settings.Ranks} on {Environment.MachineName}: {what}");
            output.Flush();
            Thread.Sleep(Patience);
            return WorkerExit.Failed;
        }
    }
}
