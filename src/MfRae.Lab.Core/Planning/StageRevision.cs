using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Planning;

/// <summary>The revision of the code that computed a stage of a record, compared with the current one. See <see cref="StageDefinition.Revision"/>.</summary>
/// <param name="Kind">Kind of the stage.</param>
/// <param name="Recorded">The revision that gives the key of the stage, or null if none does: the program then had other options.</param>
/// <param name="Current">The revision of this program.</param>
public sealed record StageRevision(string Kind, int? Recorded, int Current)
{
    /// <summary>The kinds of completed stages that an earlier revision computed, in the order of the record.</summary>
    public static IReadOnlyList<StageRevision> Earlier(ExperimentRecord record) =>
    [
        .. record.Stages
            .Where(stage => stage.Status == AttemptStatus.Completed)
            .DistinctBy(stage => stage.Kind)
            .Select(Of)
            .OfType<StageRevision>()
            .Where(revision => revision.Recorded < revision.Current),
    ];

    private static StageRevision? Of(StageRecord stage)
    {
        if (CurrentOf(stage) is not { } current)
        {
            return null;
        }

        var files = stage.Attempts.LastOrDefault(attempt => attempt.Origin is not null)?.Origin?.Files ?? new Dictionary<string, string>();
        int? recorded = null;
        for (var revision = current; revision > 0 && recorded is null; revision--)
        {
            if (StageKey.Of(JsonNode.Parse(stage.DefinitionJson), stage.Kind, revision, JsonValue.Create(stage.Seed), stage.Inputs, files) == stage.Key)
            {
                recorded = revision;
            }
        }

        return new(stage.Kind, recorded, current);
    }

    private static int? CurrentOf(StageRecord stage)
    {
        try
        {
            return VersionedJson.Read<StageDefinition>(System.Text.Encoding.UTF8.GetBytes(stage.DefinitionJson)).Revision();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
