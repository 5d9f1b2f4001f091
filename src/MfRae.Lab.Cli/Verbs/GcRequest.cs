namespace MfRae.Lab.Cli.Verbs;

/// <summary>What the user asked `gc` for.</summary>
/// <param name="Pins">First digits of keys to pin; with any of these or of <paramref name="Unpins"/> nothing is collected.</param>
public sealed record GcRequest(bool DryRun, TimeSpan OlderThan, IReadOnlyList<string> Pins, IReadOnlyList<string> Unpins, bool Json);
