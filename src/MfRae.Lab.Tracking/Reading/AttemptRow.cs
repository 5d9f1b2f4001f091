using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>An attempt with its environment, as the database holds it; what is from <paramref name="Tool"/> on may not be there.</summary>
internal sealed record AttemptRow(
    long Id,
    string Stage,
    string Status,
    string Host,
    string Device,
    long Threads,
    string Started,
    long? ResumedFrom,
    double WallSeconds,
    double CpuSeconds,
    long PeakBytes,
    string? Error,
    string? Tool,
    string? System,
    string? Runtime,
    string? Numerics,
    string? Processor,
    string? Accelerators,
    string? Packages,
    long Devices,
    string? Files,
    double? Flops,
    string? Command,
    string? SourceCommit,
    string? SourcePatch,
    string? Log)
{
    /// <param name="number">From 1, through all generations.</param>
    /// <param name="curves">Of an attempt that failed, those that may say why.</param>
    public AttemptRecord Record(int number, IReadOnlyList<SeriesRecord> curves) => new(
        number, Status, Host, Device, (int)Threads, StoredText.Time(Started), ResumedFrom, WallSeconds, CpuSeconds, PeakBytes, Error, Origin(),
        Log is null && curves.Count == 0 ? null : new(Log, curves));

    private AttemptOrigin? Origin() => Tool is null ? null : new(
        Tool,
        System!,
        Runtime!,
        Numerics!,
        Processor!,
        StoredText.List(Accelerators!),
        StoredText.Pairs(Packages!),
        (int)Devices,
        StoredText.Pairs(Files!),
        Flops,
        Command is null ? null : new RunOrigin(Command, SourceCommit, SourcePatch));
}
