namespace MfRae.Lab.Core.Execution;

/// <summary>The content of a lease file; its time of modification is the heartbeat.</summary>
/// <param name="Token">Tells two leases of one process apart.</param>
/// <param name="Experiment">What it is computed for: a stage alone does not tell, since experiments share stages.</param>
public sealed record Lease(ProcessIdentity Owner, string Token, string? Experiment = null);
