namespace MfRae.Lab.Core.Tracking;

/// <summary>What an attempt that failed, diverged or was ended from outside left to explain it.</summary>
/// <param name="Log">The last lines that its worker printed, secrets taken out; null where it printed nothing or nothing was kept.</param>
/// <param name="Series">Its own loss and gradient norm up to where it ended, also what a later attempt superseded.</param>
public sealed record FailureTrace(string? Log, IReadOnlyList<SeriesRecord> Series)
{
    /// <summary>The series that are kept, where the stage reports them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss", "gradientNorm"];
}
