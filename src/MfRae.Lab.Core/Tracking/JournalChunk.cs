namespace MfRae.Lab.Core.Tracking;

/// <summary>Whole lines of a journal, and the offset in bytes at which the next ones begin.</summary>
public sealed record JournalChunk(IReadOnlyList<JournalLine> Lines, long NextOffset);
