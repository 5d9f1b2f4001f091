namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>The output and the exit code of a command.</summary>
internal sealed record Answer(int Code, string Out, string Error);
