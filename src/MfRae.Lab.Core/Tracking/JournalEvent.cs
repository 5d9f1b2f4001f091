using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Tracking;

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
public sealed record ProgressEvent(long Step, long Total, string Unit) : JournalEvent;

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
