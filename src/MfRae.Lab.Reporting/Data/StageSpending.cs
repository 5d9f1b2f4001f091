using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Data;

/// <summary>What stages spent.</summary>
internal static class StageSpending
{
    /// <summary>Floating-point operations of a whole stage, estimated; null where no attempt tells.</summary>
    public static double? Flops(this StageRecord stage) =>
        stage.Attempts.LastOrDefault(attempt => attempt.Origin?.Flops is not null)?.Origin?.Flops;

    /// <summary>
    /// In which seconds stages are counted: those of processors that work side by side, or of devices, busy as long as their stage runs.
    /// An attempt that ended before it told of its device has no say.
    /// </summary>
    public static (string Unit, Func<AttemptRecord, double> Of) Seconds(this IEnumerable<StageRecord> stages) =>
        stages.SelectMany(stage => stage.Attempts).Any(attempt => attempt.Device is not ("" or "cpu"))
            ? ("device seconds", attempt => attempt.DeviceSeconds)
            : ("CPU seconds", attempt => attempt.CpuSeconds);
}
