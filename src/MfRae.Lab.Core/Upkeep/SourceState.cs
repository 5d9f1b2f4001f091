namespace MfRae.Lab.Core.Upkeep;

/// <summary>The source that a program is run from.</summary>
/// <param name="Commit">Hash of the commit of the checkout.</param>
/// <param name="Patch">What the working tree has beyond it, as bytes for `git apply`; empty where nothing.</param>
/// <param name="Omitted">What the patch leaves out and why, for "the patch is incomplete: …"; null where it is whole.</param>
public sealed record SourceState(string Commit, byte[] Patch, string? Omitted = null);
