using System.Text.Json;

namespace MfRae.Lab.Core.Execution;

/// <summary>What a complete stage's folder holds and where it comes from: `manifest.json`, the last file written.</summary>
/// <param name="Format">Version of this record and of its bytes (<see cref="ManifestSeal"/>).</param>
/// <param name="Definition">The stage's definition with every option. Kept as JSON, so that a later version that no longer
/// knows the stage can still verify its files.</param>
/// <param name="Inputs">Input name → key of the stage that made it.</param>
public sealed record Manifest(
    int Format,
    string Key,
    string Kind,
    string Label,
    JsonElement Definition,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs,
    Provenance Provenance,
    IReadOnlyList<ManifestFile> Files);
