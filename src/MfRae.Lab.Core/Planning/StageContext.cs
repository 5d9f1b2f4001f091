using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Planning;

/// <summary>The environment of a running stage.</summary>
/// <param name="Folder">The folder of the stage, `store/.partial/KEY`. Files whose names start with `checkpoint` are removed when the stage
/// completes.</param>
/// <param name="Time">The clock for rates and checkpoint intervals; no result depends on it.</param>
/// <param name="Stop">Cancelled when the user stops the run: the stage writes a checkpoint and throws.</param>
public sealed record StageContext(StageSpec Spec, string Folder, IJournal Journal, TimeProvider Time, CancellationToken Stop)
{
    /// <summary>The seed of a stage that has one.</summary>
    public long Seed => Spec.Node.Seed ?? throw new InvalidOperationException($"the stage {Spec.Node.Label} has no seed");

    /// <summary>The folder of an input, one of <see cref="StageInput"/>.</summary>
    public string Input(string name) => Spec.InputFolders.TryGetValue(name, out var folder)
        ? folder
        : throw new InvalidOperationException($"the stage {Spec.Node.Label} has no input {name}");

    /// <summary>Whether the stage has an input, one of <see cref="StageInput"/>.</summary>
    public bool HasInput(string name) => Spec.InputFolders.ContainsKey(name);

    /// <summary>A path in the folder of the stage.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>The full path of a path in options, which is relative to the working directory.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Spec.WorkingDirectory);
}

/// <summary>Everything that a worker needs to compute one stage, written to `spec.json` in the folder of the stage.</summary>
/// <param name="Node">The stage.</param>
/// <param name="InputFolders">Input name → folder of the completed stage.</param>
/// <param name="WorkingDirectory">The folder that relative paths in options start from.</param>
/// <param name="Attempt">From 1, incremented each time the stage is started.</param>
/// <param name="Run">The command of the run, for the record.</param>
/// <param name="Flops">Estimated floating-point operations of the stage, for the record; null without a cost model.</param>
/// <param name="Memory">Estimated memory of a training; null without a cost model.</param>
/// <param name="Lease">The token of the coordinator's lease; null without a lease.</param>
public sealed record StageSpec(
    StageNode Node,
    IReadOnlyDictionary<string, string> InputFolders,
    string WorkingDirectory,
    int Attempt,
    RunSettings Settings,
    RunOrigin? Run = null,
    double? Flops = null,
    TrainingMemory? Memory = null,
    string? Lease = null);

/// <summary>The memory that a training step needs for its backward pass: estimates.</summary>
/// <param name="Batch">The samples of a step.</param>
/// <param name="SampleBytes">The bytes of one sample with all activations.</param>
/// <param name="RecomputedSampleBytes">The bytes of one sample with recomputation of activations.</param>
public sealed record TrainingMemory(long Batch, double SampleBytes, double RecomputedSampleBytes);

/// <summary>
/// Settings that change results only by rounding (device, threads, micro-batch, recomputation, ranks) or not at all (all others), so keys do not include them. The device class
/// is part of the identity of each measurement (<see cref="MfRae.Lab.Core.Metrics.DeviceClass"/>).
/// </summary>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
/// <param name="Jobs">Most stages that run at once; 0: cores divided by threads, or 1 on a GPU.</param>
/// <param name="Threads">Threads for computation in a stage; 0: derived from the number of cores.</param>
/// <param name="LogEvery">Training steps between metric events.</param>
/// <param name="CheckpointSeconds">Seconds between checkpoints; null: an interval that follows from the cost of writing one.</param>
/// <param name="MicroBatch">The most samples of a training batch that are evaluated at once; 0: the whole batch;
/// <see cref="AutoMicroBatch"/>: the largest number that fits into the free memory.</param>
/// <param name="Recompute">Whether activations of DiT^DH are computed again in the backward pass instead of being kept.</param>
/// <param name="DecodeThreads">Threads that read and decode images ahead of the computation of a stage; 0: the cores that no computation needs,
/// and at least the number of the computation's threads (one on a GPU).</param>
/// <param name="Ranks">Processes that compute a stage together, each for some of the batches or micro-batches
/// (<see cref="StageDefinition.TakesRanks"/>); 1 for all other stages.</param>
/// <param name="RankLauncher">What starts the ranks: <see cref="Mpirun"/> or <see cref="Srun"/>.</param>
public sealed record RunSettings(
    string Device = "auto",
    int Jobs = 0,
    int Threads = 0,
    int LogEvery = 10,
    int? CheckpointSeconds = null,
    int MicroBatch = 0,
    bool Recompute = false,
    int DecodeThreads = 0,
    int Ranks = 1,
    string RankLauncher = RunSettings.Mpirun)
{
    /// <summary>The value of <see cref="RankLauncher"/> for the command of OpenMPI.</summary>
    public const string Mpirun = "mpirun";

    /// <summary>The value of <see cref="RankLauncher"/> for the command of Slurm, inside a job.</summary>
    public const string Srun = "srun";

    /// <summary>The value of <see cref="MicroBatch"/> that derives it from the free memory.</summary>
    public const int AutoMicroBatch = -1;
}

/// <summary>Computes one stage: reads input folders, writes files to its folder, and reports to its journal.</summary>
public interface IStage
{
    /// <summary>Runs the stage from the beginning, or from the last checkpoint in its folder.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the run; a checkpoint was written.</exception>
    /// <exception cref="DivergedException">Values are not finite; the journal contains the curve up to that step.</exception>
    /// <exception cref="MfRae.Lab.Core.LabException">A file or device is missing or unusable.</exception>
    void Run(StageContext context);
}

/// <summary>
/// Ends a stage in a process other than rank 0, after its share of the work: rank 0 has the weights, samples or features of all and writes the results.
/// </summary>
public sealed class RankFinishedException() : Exception("this rank has finished: rank 0 writes the results of the stage");
