using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>How a stage of a plan ended.</summary>
/// <param name="Cached">Whether nothing had to be computed.</param>
/// <param name="Error">For the user: what went wrong or why nothing was done; null where all is well.</param>
/// <param name="LogPath">The output of the last worker of this run, where there is one.</param>
public sealed record StageOutcome(StageNode Node, StageStatus Status, bool Cached, string? Error, string? LogPath);
