using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

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
