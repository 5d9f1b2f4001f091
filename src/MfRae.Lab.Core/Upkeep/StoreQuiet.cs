using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Core.Upkeep;

/// <summary>As long as it lives, no run begins in the store; and when it began to, none was going on.</summary>
public sealed class StoreQuiet : IDisposable
{
    private readonly FileLock gate;

    private StoreQuiet(FileLock gate) => this.gate = gate;

    /// <exception cref="StoreLockedException">A live process computes a stage, or has the store locked.</exception>
    public static StoreQuiet Require(ArtifactStore store, TimeProvider time)
    {
        ArtifactStore.CreateFolder(store.Root);
        var gate = FileLock.Gate(store);
        foreach (var key in StageLeases.Keys(store))
        {
            if (StageLeases.LiveOwner(store, key, time) is { } owner)
            {
                gate.Dispose();
                throw new StoreLockedException($"{owner} computes stages in {store.Root}; wait for it, or stop that process");
            }
        }

        return new(gate);
    }

    public void Dispose() => gate.Dispose();
}
