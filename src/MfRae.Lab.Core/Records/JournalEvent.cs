using System.Text.Json.Serialization;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>One thing that happened in a stage. A journal line is `{"seq":n,"at":"ISO-8601","event":{…}}`.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartedEvent), "started")]
[JsonDerivedType(typeof(ResumedEvent), "resumed")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(MetricsEvent), "metrics")]
[JsonDerivedType(typeof(CheckpointEvent), "checkpoint")]
[JsonDerivedType(typeof(MeasuredEvent), "measured")]
[JsonDerivedType(typeof(ImageEvent), "image")]
[JsonDerivedType(typeof(NoticeEvent), "notice")]
[JsonDerivedType(typeof(FinishedEvent), "finished")]
public abstract record JournalEvent;

/// <summary>An attempt began in a worker.</summary>
/// <param name="Origin">Null in journals of earlier versions.</param>
public sealed record StartedEvent(
    int Attempt, string Host, int Pid, string BootId, string Device, int Threads, AttemptOrigin? Origin = null) : JournalEvent;

/// <summary>The attempt goes on after this step: points of earlier attempts beyond it are superseded.</summary>
public sealed record ResumedEvent(long Step) : JournalEvent;

/// <summary>How far the attempt is, in steps of the stage's own unit.</summary>
/// <param name="Samples">Training samples in a step; 0 where a step is not one of training.</param>
public sealed record ProgressEvent(
    long Step,
    long Total,
    string Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Samples = 0) : JournalEvent;

/// <summary>Values of named series at a step. A value that is not finite is null.</summary>
public sealed record MetricsEvent(long Step, IReadOnlyDictionary<string, double?> Values) : JournalEvent;

/// <summary>A checkpoint that a later attempt can go on from was written after this step.</summary>
public sealed record CheckpointEvent(long Step) : JournalEvent;

/// <summary>A final measurement with its identity.</summary>
public sealed record MeasuredEvent(Measurement Measurement) : JournalEvent;

/// <summary>An image file in the stage's folder, for reports.</summary>
/// <param name="Name">What it shows, e.g. `samples@1`.</param>
public sealed record ImageEvent(string Name, string File, string Caption) : JournalEvent;

/// <summary>Something that the user should know, and that changes no number.</summary>
public sealed record NoticeEvent(string Text) : JournalEvent;

/// <summary>
/// An event that a newer version of the program wrote, with a kind or with fields of a measurement that this version does not know.
/// Readers keep it in the file and skip it. It is never written.
/// </summary>
/// <param name="Kind">The event's `type`.</param>
/// <param name="Understood">The event without its unknown fields, or null where the kind is unknown.</param>
public sealed record NewerEvent(string Kind, JournalEvent? Understood = null) : JournalEvent;

/// <summary>The attempt ended.</summary>
/// <param name="Status">One of <see cref="AttemptStatus"/>.</param>
/// <param name="PeakBytes">Peak resident memory of the worker.</param>
public sealed record FinishedEvent(string Status, double WallSeconds, double CpuSeconds, long PeakBytes, string? Error) : JournalEvent;

/// <summary>A line of a journal file `journal.ATTEMPT.jsonl`.</summary>
/// <param name="Seq">From 1, without gaps within an attempt.</param>
/// <param name="At">Wall time of writing, UTC.</param>
public sealed record JournalLine(long Seq, DateTimeOffset At, JournalEvent Event);

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
