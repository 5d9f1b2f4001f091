using System.Diagnostics;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// An exclusive lock of the operating system on a file, which ends with the process that holds it, however it ends. The
/// file stays: removing it would let two processes hold locks of the same name.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    /// <summary>Null where another process, or another part of this one, holds it.</summary>
    /// <exception cref="LabException">The file cannot be made here.</exception>
    public static FileLock? Try(string path)
    {
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (FileFault.Explain(e) is { } fault)
        {
            throw new LabException($"{path} cannot be locked: {fault}", e);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    public static FileLock? Wait(string path, TimeSpan patience)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            if (Try(path) is { } held)
            {
                return held;
            }

            if (waited.Elapsed > patience)
            {
                return null;
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>The lock of the whole store, for what must be one step: taking leases, noting a plan, deciding what is garbage.</summary>
    /// <exception cref="StoreLockedException">Another process has held it for half a minute.</exception>
    public static FileLock Gate(ArtifactStore store) =>
        Wait(Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), "gate"), TimeSpan.FromSeconds(30))
            ?? throw new StoreLockedException($"{store.LockFolder} has been locked by another process for 30 seconds");

    /// <summary>The lock that a stage's worker holds while it lives.</summary>
    public static string OfWorker(ArtifactStore store, string key) =>
        Path.Combine(ArtifactStore.CreateFolder(store.LockFolder), ArtifactName.Key(key) + ".worker");

    public void Dispose() => stream.Dispose();
}
