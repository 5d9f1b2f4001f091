namespace MfRae.Lab.Core.Tracking;

/// <summary>A line of a journal file `journal.ATTEMPT.jsonl`.</summary>
/// <param name="Seq">From 1, without gaps within an attempt.</param>
/// <param name="At">Wall time of writing, UTC.</param>
public sealed record JournalLine(long Seq, DateTimeOffset At, JournalEvent Event);
