using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

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
