namespace MfRae.Lab.Core.Tracking;

/// <summary>Where a stage reports. Events reach the file in order, at the latest a second after they were written.</summary>
public interface IJournal
{
    void Write(JournalEvent entry);
}
