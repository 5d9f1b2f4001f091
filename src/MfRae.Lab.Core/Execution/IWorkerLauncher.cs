using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Execution;

/// <summary>Starts workers: as processes, or in tests within this one.</summary>
public interface IWorkerLauncher
{
    /// <param name="folder">The stage's folder, with its spec.</param>
    /// <exception cref="LabException">No worker can be started here.</exception>
    IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder);
}
