using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>
/// A plan as kept in the database, and in the store so that the database can be rebuilt. Options and definitions are JSON text, so that a
/// later version that no longer has an option can still read the record.
/// </summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Begun">The start of its last run: the plan with the latest start is the current plan of its experiment.</param>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Stages">All stages, inputs before users.</param>
/// <param name="Commit">The commit of the checkout in which it was run, or null without a checkout.</param>
/// <param name="Patch">SHA-256 of the uncommitted changes of the checkout, or null without changes.</param>
/// <param name="PatchOmitted">The changes that the patch omits, with the reason, or null if it is complete.</param>
/// <param name="Files">The experiment file and the files it extends; null in records from before they were kept.</param>
/// <param name="FirstBegun">The start of its first run; null in records from before it was kept.</param>
/// <param name="SmallestRelevantEffect">See <see cref="Experiment"/>; null in records from before it was declared.</param>
/// <param name="Contrasts">The declared contrasts; null: every arm against the baseline.</param>
public sealed record PlanRecord(
    int Format,
    DateTimeOffset Begun,
    string Name,
    string Hash,
    string Path,
    string Question,
    string Expectation,
    string PrimaryMetric,
    IReadOnlyList<string> Overrides,
    string EvaluationJson,
    string? Title,
    IReadOnlyList<ArmRecord> Arms,
    IReadOnlyList<PlannedStage> Stages,
    IReadOnlyList<PlannedRun> Runs,
    string? Commit = null,
    string? Patch = null,
    IReadOnlyList<WrittenFile>? Files = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PatchOmitted = null,
    DateTimeOffset? FirstBegun = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SmallestRelevantEffect = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Contrast>? Contrasts = null)
{
    /// <summary>The record of a plan.</summary>
    public static PlanRecord Of(Plan plan, DateTimeOffset begun)
    {
        var experiment = plan.Experiment;
        return new(
            1,
            begun,
            experiment.Name,
            plan.Hash,
            experiment.Path,
            experiment.Question,
            experiment.Expectation,
            experiment.PrimaryMetric,
            experiment.Overrides,
            JsonSerializer.Serialize(experiment.Evaluation, LabJson.Default.EvaluationOptions),
            experiment.Title,
            [.. experiment.Arms.Select(arm => new ArmRecord(
                arm.Name,
                arm.Baseline,
                arm.Differences.ToDictionary(entry => entry.Key, entry => entry.Value?.ToJsonString() ?? "null"),
                JsonSerializer.Serialize(arm.Options, LabJson.Default.LabOptions),
                arm.Title,
                arm.Levels))],
            [.. plan.Stages.Select(PlannedStage.Of)],
            plan.Runs,
            Files: experiment.Files,
            SmallestRelevantEffect: experiment.SmallestRelevantEffect,
            Contrasts: experiment.Contrasts);
    }
}

/// <summary>A stage of a <see cref="PlanRecord"/>.</summary>
/// <param name="DefinitionJson">The stage's definition with all options.</param>
/// <param name="Inputs">Input name → key of the stage that makes it.</param>
public sealed record PlannedStage(
    string Key,
    string Kind,
    string Label,
    string DefinitionJson,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs)
{
    /// <summary>The record of a stage.</summary>
    public static PlannedStage Of(StageNode node) => new(
        node.Key, node.Kind, node.Label, JsonSerializer.Serialize(node.Definition, LabJson.Default.StageDefinition), node.Seed, node.Inputs);

    /// <summary>The stage, or null if another version of the program wrote its definition and this version cannot read it.</summary>
    public StageNode? Node() => StageDefinition.Of(DefinitionJson) is { } definition ? new(Key, Kind, Label, definition, Seed, Inputs) : null;
}
