namespace MfRae.Lab.Core.Upkeep;

/// <summary>The source that a program is run from.</summary>
/// <param name="Commit">Hash of the commit of the checkout.</param>
/// <param name="Patch">What the checkout's files have beyond it, as a diff; empty where nothing.</param>
public sealed record SourceState(string Commit, string Patch);
