using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Records;

/// <summary>
/// One plan of an experiment and its outcome. An edit of the experiment file that changes a stage gives another plan; the earlier plan and
/// its results stay in the database.
/// </summary>
/// <param name="Number">From 1, in the order in which the plans first ran. `NAME@NUMBER` names the plan.</param>
/// <param name="Current">Whether this plan ran last: the report of the experiment shows it.</param>
/// <param name="FirstRun">The start of the first run of the plan; null if it was not recorded.</param>
/// <param name="LastRun">The start of the last run of the plan; null if it was not recorded.</param>
/// <param name="Changes">The differences from the previous version; empty for the first version.</param>
/// <param name="Runs">Status → number of runs.</param>
/// <param name="Arms">The primary metric of each arm, in the order of the experiment.</param>
/// <param name="Attempts">The attempts without a result: failed, diverged, killed, out of memory or interrupted.</param>
/// <param name="Verdicts">Contrast → verdict, for the verdicts that were decided: a relevant difference or equivalence; null: none.</param>
public sealed record PlanVersion(
    int Number,
    bool Current,
    string Hash,
    DateTimeOffset? FirstRun,
    DateTimeOffset? LastRun,
    IReadOnlyList<PlanChange> Changes,
    string PrimaryMetric,
    IReadOnlyDictionary<string, int> Runs,
    IReadOnlyList<VersionArm> Arms,
    IReadOnlyList<VersionAttempt> Attempts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Verdicts = null);

/// <summary>One difference between a plan and the previous version.</summary>
/// <param name="What">The path of an option, `arm`, `seeds`, `baseline`, `primaryMetric` or `stages`.</param>
/// <param name="Arms">The affected arms; empty if all arms of both versions are affected.</param>
/// <param name="Before">The value in the previous version, or null.</param>
/// <param name="After">The value in this version, or null.</param>
public sealed record PlanChange(string What, IReadOnlyList<string> Arms, string? Before, string? After)
{
    /// <summary>`meanflow.lambda: 0 → 1 (arm a)`.</summary>
    public string Text() => What switch
    {
        "arm" => $"arm {After ?? Before} {(Before is null ? "added" : "removed")}",
        "stages" => $"no option differs, but file contents or program code differ for: {After}",
        _ => $"{What}: {Before ?? "none"} → {After ?? "none"}"
            + (Arms.Count == 0 ? "" : $" ({(Arms.Count == 1 ? "arm" : "arms")} {string.Join(", ", Arms)})"),
    };
}

/// <summary>The primary metric of one arm of a version.</summary>
/// <param name="Runs">Status → number of runs.</param>
/// <param name="Count">Number of values.</param>
/// <param name="Mean">The mean; null without values, or if the values may not be averaged.</param>
/// <param name="Deviation">The standard deviation over seeds; null for fewer than two values.</param>
public sealed record VersionArm(string Arm, IReadOnlyDictionary<string, int> Runs, int Count, double? Mean, double? Deviation)
{
    /// <summary>Number of seeds.</summary>
    public int Seeds => Runs.Values.Sum();
}

/// <summary>An attempt without a result.</summary>
/// <param name="Stage">The label of its stage.</param>
/// <param name="Number">From 1, over all attempts at the stage.</param>
/// <param name="Completed">Whether a later attempt completed the stage.</param>
public sealed record VersionAttempt(string Stage, int Number, string Status, string? Error, bool Completed)
{
    /// <summary>Whether it was killed or interrupted and its stage completed later: it does not affect any value.</summary>
    public bool IsResumed() => Completed && AttemptStatus.IsFromOutside(Status);
}
