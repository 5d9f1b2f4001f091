namespace MfRae.Lab.Core.Execution;

/// <summary>A worker that was started.</summary>
public interface IRunningWorker : IDisposable
{
    /// <summary>Its exit code, once it has ended.</summary>
    Task<int> Exit { get; }

    /// <summary>The last lines that it printed; complete once it has ended.</summary>
    string Tail { get; }

    /// <summary>Asks it to write a checkpoint and end; does not wait.</summary>
    void RequestStop();

    /// <summary>Ends it at once.</summary>
    void Kill();
}
