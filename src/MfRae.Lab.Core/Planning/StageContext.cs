using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Planning;

/// <summary>What a stage sees of the world while it runs.</summary>
/// <param name="Folder">The stage's own folder, `store/.partial/KEY`. Files whose names start with `checkpoint` are removed
/// when the stage completes.</param>
/// <param name="Time">For rates and checkpoint intervals only: no number depends on it.</param>
/// <param name="Stop">Set when the user asks to stop: the stage writes a checkpoint and throws.</param>
public sealed record StageContext(StageSpec Spec, string Folder, IJournal Journal, TimeProvider Time, CancellationToken Stop)
{
    /// <summary>The seed of a stage that draws from it.</summary>
    public long Seed => Spec.Node.Seed ?? throw new InvalidOperationException($"the stage {Spec.Node.Label} has no seed");

    /// <summary>The folder of an input, one of <see cref="StageInput"/>.</summary>
    public string Input(string name) => Spec.InputFolders.TryGetValue(name, out var folder)
        ? folder
        : throw new InvalidOperationException($"the stage {Spec.Node.Label} has no input {name}");

    public bool HasInput(string name) => Spec.InputFolders.ContainsKey(name);

    /// <summary>A path in the stage's own folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>A path from the options, which is relative to the working directory.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Spec.WorkingDirectory);
}

/// <summary>Everything a worker needs to compute one stage: written as `spec.json` into the stage's folder.</summary>
/// <param name="Node">The stage.</param>
/// <param name="InputFolders">Input name → folder of the completed stage.</param>
/// <param name="WorkingDirectory">Where relative paths in options start.</param>
/// <param name="Attempt">From 1, one more each time the stage is started.</param>
/// <param name="Run">What the user asked for, for the record.</param>
/// <param name="Flops">Floating-point operations of the stage, estimated, for the record; null where there is no cost model.</param>
public sealed record StageSpec(
    StageNode Node,
    IReadOnlyDictionary<string, string> InputFolders,
    string WorkingDirectory,
    int Attempt,
    RunSettings Settings,
    RunOrigin? Run = null,
    double? Flops = null);

/// <summary>
/// Settings that change numbers by rounding (device, threads) or not at all (all others), so keys do not include them. The device class is part
/// of the identity of each measurement (<see cref="MfRae.Lab.Core.Metrics.DeviceClass"/>).
/// </summary>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
/// <param name="Jobs">Stages that may run at once; 0: as the cores and the threads of each allow, on a GPU one.</param>
/// <param name="Threads">Threads of the stage's numerics; 0: as many as the machine's cores say.</param>
/// <param name="LogEvery">Training steps between two metric events.</param>
/// <param name="CheckpointSeconds">Seconds between two checkpoints.</param>
public sealed record RunSettings(
    string Device = "auto",
    int Jobs = 0,
    int Threads = 0,
    int LogEvery = 10,
    int CheckpointSeconds = 30);

/// <summary>Computes one stage: reads input folders, writes files into its own folder, reports to its journal.</summary>
public interface IStage
{
    /// <summary>Runs to the end, or from the last checkpoint in the folder to the end.</summary>
    /// <exception cref="OperationCanceledException">Stopped at the user's request, after a checkpoint.</exception>
    /// <exception cref="DivergedException">The numbers left the finite range; the journal holds the curve up to there.</exception>
    /// <exception cref="MfRae.Lab.Core.LabException">A file or device is not as needed.</exception>
    void Run(StageContext context);
}
