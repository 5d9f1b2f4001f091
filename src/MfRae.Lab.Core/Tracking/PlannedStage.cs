using System.Text.Json;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tracking;

/// <summary>A stage of a <see cref="PlanRecord"/>.</summary>
/// <param name="DefinitionJson">The stage's definition with every option.</param>
/// <param name="Inputs">Input name → key of the stage that makes it.</param>
public sealed record PlannedStage(
    string Key,
    string Kind,
    string Label,
    string DefinitionJson,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs)
{
    public static PlannedStage Of(StageNode node) => new(
        node.Key, node.Kind, node.Label, JsonSerializer.Serialize(node.Definition, LabJson.Default.StageDefinition), node.Seed, node.Inputs);
}
