using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Execution;

/// <summary>Everything a worker needs to compute one stage: written as `spec.json` into the stage's folder.</summary>
/// <param name="Node">The stage.</param>
/// <param name="InputFolders">Input name → folder of the completed stage.</param>
/// <param name="WorkingDirectory">Where relative paths in options start.</param>
/// <param name="Attempt">From 1, one more each time the stage is started.</param>
public sealed record StageSpec(
    StageNode Node,
    IReadOnlyDictionary<string, string> InputFolders,
    string WorkingDirectory,
    int Attempt,
    RunSettings Settings);
