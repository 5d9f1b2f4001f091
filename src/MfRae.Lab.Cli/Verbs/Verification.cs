using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What `verify` found.</summary>
/// <param name="Source">What is wrong with commits and patches, a sentence each.</param>
/// <param name="Page">What is wrong with the page of the report, or null where it is right or was not asked for.</param>
public sealed record Verification(
    string Subject,
    IReadOnlyList<StageVerification> Stages,
    IReadOnlyList<EnvironmentDifference> Environment,
    IReadOnlyList<string> Source,
    string? Page)
{
    /// <summary>Something is not what was recorded.</summary>
    public bool Mismatch => Page is not null || Stages.Any(stage => stage.Problems.Count > 0);

    /// <summary>Nothing is wrong, but it could not be computed again with the very same means.</summary>
    public bool Differs => Environment.Count + Source.Count > 0;
}
