namespace MfRae.Lab.Core.Planning;

/// <summary>One stage of a plan.</summary>
/// <param name="Key">64 lower-case hex digits, see <see cref="StageKey"/>.</param>
/// <param name="Kind">The discriminator of <see cref="StageDefinition"/>: dataset, encoder, …</param>
/// <param name="Label">What progress and reports call it: the kind, and where several share it, the arm and seed, e.g.
/// `meanflow lambda=0.5 seed 1`.</param>
/// <param name="Seed">The seed, or null where the stage draws nothing from it.</param>
/// <param name="Inputs">Input name → key of the stage that makes it.</param>
/// <param name="Files">Path in the options → SHA-256, of what is part of the key (<see cref="StageFiles"/>).</param>
public sealed record StageNode(
    string Key,
    string Kind,
    string Label,
    StageDefinition Definition,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyDictionary<string, string>? Files = null);
