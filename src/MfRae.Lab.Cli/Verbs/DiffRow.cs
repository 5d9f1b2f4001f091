namespace MfRae.Lab.Cli.Verbs;

/// <summary>One thing in which two runs differ.</summary>
/// <param name="What">run, option, stage or identity.</param>
/// <param name="One">Null where the first run has no such thing.</param>
public sealed record DiffRow(string What, string Name, string? One, string? Other);
