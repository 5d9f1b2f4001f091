using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>
/// A plan as it is kept: what the database holds of it, and what the store holds so that the database can be rebuilt. Options
/// and definitions are JSON text, so that a later version that no longer knows an option can still read the record.
/// </summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Begun">When a run of it last began: of the plans of one name, the one begun last is current.</param>
/// <param name="Title">Heading of the report; null: the name.</param>
/// <param name="Stages">Inputs before users.</param>
/// <param name="Commit">The commit of the checkout in which it was run, or null where there was none.</param>
/// <param name="Patch">SHA-256 of what the checkout had beyond that commit, or null where it had nothing.</param>
/// <param name="PatchOmitted">What the patch leaves out and why, or null where it is whole.</param>
/// <param name="Files">The experiment file and what it extends, as written; null where the record is of before they were kept.</param>
/// <param name="FirstBegun">When a run of it first began; null where the record is of before that was kept.</param>
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
    DateTimeOffset? FirstBegun = null)
{
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
                arm.Title))],
            [.. plan.Stages.Select(PlannedStage.Of)],
            plan.Runs,
            Files: experiment.Files);
    }
}

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
