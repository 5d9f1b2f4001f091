namespace MfRae.Lab.Core.Tracking;

/// <summary>What an attempt was computed with, and for which command: told once, when it starts. None of it is an option.</summary>
/// <param name="Tool">Version of the program, with the commit that it was built from where the build knew it.</param>
/// <param name="Numerics">The tensor library's packages with their versions; empty where the program has none.</param>
/// <param name="Processor">Model and number of logical processors.</param>
/// <param name="Accelerators">Models of the GPUs, where one was computed on and its driver tells.</param>
/// <param name="Packages">Package → version, of all that the program was built from.</param>
/// <param name="Devices">How many devices the attempt kept busy.</param>
/// <param name="Files">Path in the options → SHA-256 of the dataset or weights there (<see cref="Planning.StageFiles"/>).</param>
/// <param name="Flops">Floating-point operations of the whole stage, estimated; null where there is no cost model for it.</param>
/// <param name="Run">Null where no run asked for it.</param>
public sealed record AttemptOrigin(
    string Tool,
    string System,
    string Runtime,
    string Numerics,
    string Processor,
    IReadOnlyList<string> Accelerators,
    IReadOnlyDictionary<string, string> Packages,
    int Devices,
    IReadOnlyDictionary<string, string> Files,
    double? Flops = null,
    RunOrigin? Run = null);
