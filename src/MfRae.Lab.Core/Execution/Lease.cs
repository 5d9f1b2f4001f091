namespace MfRae.Lab.Core.Execution;

/// <summary>The content of a lease file; its time of modification is the heartbeat.</summary>
/// <param name="Token">Tells two leases of one process apart.</param>
public sealed record Lease(ProcessIdentity Owner, string Token);
