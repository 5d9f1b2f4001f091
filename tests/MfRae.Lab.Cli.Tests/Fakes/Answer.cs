namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>What a command said and returned.</summary>
internal sealed record Answer(int Code, string Out, string Error);
