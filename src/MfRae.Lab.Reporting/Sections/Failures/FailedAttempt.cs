using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Reporting.Sections.Failures;

/// <summary>An attempt without a result, and its stage.</summary>
internal sealed record FailedAttempt(StageRecord Stage, AttemptRecord Attempt)
{
    /// <summary>What went wrong. Where that ends in the lines that stand below, it is said without them.</summary>
    public string Error
    {
        get
        {
            var error = Attempt.Error ?? "";
            return Attempt.Trace?.Log is { } log && error.EndsWith("\n" + log, StringComparison.Ordinal) ? error[..^(log.Length + 1)] : error;
        }
    }
}
