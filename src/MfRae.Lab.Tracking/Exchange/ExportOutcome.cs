using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>What an export wrote.</summary>
/// <param name="Warnings">What whoever opens the files should know, in sentences.</param>
public sealed record ExportOutcome(ExportIndex Index, IReadOnlyList<string> Warnings);
