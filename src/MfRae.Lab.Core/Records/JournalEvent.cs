using System.Globalization;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>An event in a stage. A journal line is `{"seq":n,"at":"ISO-8601","event":{…}}`.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartedEvent), "started")]
[JsonDerivedType(typeof(ResumedEvent), "resumed")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(MetricsEvent), "metrics")]
[JsonDerivedType(typeof(CheckpointEvent), "checkpoint")]
[JsonDerivedType(typeof(MeasuredEvent), "measured")]
[JsonDerivedType(typeof(ImageEvent), "image")]
[JsonDerivedType(typeof(NoticeEvent), "notice")]
[JsonDerivedType(typeof(MicroBatchEvent), "microBatch")]
[JsonDerivedType(typeof(CostEvent), "cost")]
[JsonDerivedType(typeof(MachineEvent), "machine")]
[JsonDerivedType(typeof(FinishedEvent), "finished")]
public abstract record JournalEvent;

/// <summary>An attempt began in a worker.</summary>
/// <param name="Origin">Null in journals of earlier versions.</param>
public sealed record StartedEvent(
    int Attempt, string Host, int Pid, string BootId, string Device, int Threads, AttemptOrigin? Origin = null) : JournalEvent;

/// <summary>The attempt resumes after this step: later points of earlier attempts are superseded.</summary>
public sealed record ResumedEvent(long Step) : JournalEvent;

/// <summary>The progress of the attempt, in units of the stage.</summary>
/// <param name="Samples">The number of training samples in a step; 0 for stages that do not train.</param>
public sealed record ProgressEvent(
    long Step,
    long Total,
    string Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Samples = 0) : JournalEvent;

/// <summary>Values of named series at a step. A value that is not finite is null.</summary>
public sealed record MetricsEvent(long Step, IReadOnlyDictionary<string, double?> Values) : JournalEvent;

/// <summary>A checkpoint that a later attempt can resume from was written after this step.</summary>
public sealed record CheckpointEvent(long Step) : JournalEvent;

/// <summary>A final measurement with its identity.</summary>
public sealed record MeasuredEvent(Measurement Measurement) : JournalEvent;

/// <summary>An image file in the stage's folder, for reports.</summary>
/// <param name="Name">Its content, e.g. `samples@1`.</param>
public sealed record ImageEvent(string Name, string File, string Caption) : JournalEvent;

/// <summary>A message for the user that does not affect any value.</summary>
public sealed record NoticeEvent(string Text) : JournalEvent;

/// <summary>
/// How the following training steps of the attempt compute their gradient. Without this event, the whole batch is evaluated at once and all
/// activations are kept.
/// </summary>
/// <param name="Samples">The most samples that are evaluated at once; null: the whole batch.</param>
/// <param name="Recompute">Whether activations are computed again in the backward pass.</param>
public sealed record MicroBatchEvent(int? Samples, bool Recompute) : JournalEvent
{
    /// <summary>Whether a step differs from the whole batch with all activations.</summary>
    [JsonIgnore]
    public bool IsDefault => Samples is null && !Recompute;

    /// <summary>The words that distinguish costs: empty, or such as ` microBatch=16 recompute`.</summary>
    [JsonIgnore]
    public string Setting => (Samples is { } samples ? string.Create(CultureInfo.InvariantCulture, $" microBatch={samples}") : "")
        + (Recompute ? " recompute" : "");
}

/// <summary>
/// The cost of the training steps of an attempt, written when the training ends or diverges. A resumed attempt counts its own steps only.
/// </summary>
/// <param name="StepSeconds">Median of the seconds of a step, without reports, checkpoints and snapshots, and without the first steps.</param>
/// <param name="Steps">Number of steps of which this is the median.</param>
/// <param name="PeakBytes">Peak resident memory of the worker so far. It does not include the memory of a GPU.</param>
public sealed record CostEvent(double StepSeconds, long Steps, long PeakBytes) : JournalEvent;

/// <summary>The use of the machine since the previous event of this kind.</summary>
public sealed record MachineEvent(MachineUse Use) : JournalEvent;

/// <summary>
/// An event that a newer version of the program wrote, with a kind or with fields of a measurement that this version does not know.
/// Readers keep it in the file and skip it. It is never written.
/// </summary>
/// <param name="Kind">The event's `type`.</param>
/// <param name="Understood">The event without its unknown fields, or null if the kind is unknown.</param>
public sealed record NewerEvent(string Kind, JournalEvent? Understood = null) : JournalEvent;

/// <summary>The attempt ended.</summary>
/// <param name="Status">One of <see cref="AttemptStatus"/>.</param>
/// <param name="PeakBytes">Peak resident memory of the worker.</param>
public sealed record FinishedEvent(string Status, double WallSeconds, double CpuSeconds, long PeakBytes, string? Error) : JournalEvent;

/// <summary>A line of a journal file `journal.ATTEMPT.jsonl`.</summary>
/// <param name="Seq">From 1, without gaps within an attempt.</param>
/// <param name="At">Wall time of writing, UTC.</param>
public sealed record JournalLine(long Seq, DateTimeOffset At, JournalEvent Event);

/// <summary>The journal of a stage. Events reach the file in order, within a second.</summary>
public interface IJournal
{
    /// <summary>Queues an event without waiting for the file. The event must not change afterwards.</summary>
    /// <exception cref="IOException">An earlier event could not be written; this event was not queued.</exception>
    void Write(JournalEvent entry);

    /// <summary>
    /// Waits until all events so far are with the operating system, so that they survive the end of the process. A stage calls it before it
    /// publishes a checkpoint, because a later attempt does not report the events before that checkpoint again.
    /// </summary>
    /// <exception cref="IOException">An event could not be written. It is kept, and the next call retries.</exception>
    void Flush();
}

/// <summary>A journal that keeps nothing: for work whose events are not those of the stage, and for processes that do not write them.</summary>
public sealed class NoJournal : IJournal
{
    /// <inheritdoc/>
    public void Write(JournalEvent entry)
    {
    }

    /// <inheritdoc/>
    public void Flush()
    {
    }
}
