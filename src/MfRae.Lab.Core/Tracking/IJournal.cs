namespace MfRae.Lab.Core.Tracking;

/// <summary>Where a stage reports. Events reach the file in order, at the latest a second after they were written.</summary>
public interface IJournal
{
    /// <summary>Takes an event without waiting for the file. The event must not change any more.</summary>
    /// <exception cref="IOException">An event before this one could not be written; this one was not taken.</exception>
    void Write(JournalEvent entry);

    /// <summary>
    /// Returns once everything written so far is with the operating system, where the end of the process cannot lose it. A stage calls it
    /// before it lets a checkpoint appear: no later attempt would report again what came before that.
    /// </summary>
    /// <exception cref="IOException">Something could not be written. It is kept, and tried again at the next call.</exception>
    void Flush();
}
