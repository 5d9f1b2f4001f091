namespace MfRae.Lab.Core.Tracking;

/// <summary>What was asked for, and from which source, when a run started an attempt.</summary>
/// <param name="Command">The command line, with secrets taken out (<see cref="CommandText"/>).</param>
/// <param name="Commit">The commit of the checkout in which it was run, or null where there was none.</param>
/// <param name="Patch">SHA-256 of what the checkout had beyond that commit, which the store keeps; null where it had nothing.</param>
public sealed record RunOrigin(string Command, string? Commit = null, string? Patch = null);
