namespace MfRae.Lab.Core.Records;

/// <summary>
/// One plan of an experiment and its outcome. An edit of the experiment file that changes a stage makes another plan; the earlier plan and
/// its results stay in the database.
/// </summary>
/// <param name="Number">From 1, in the order in which the plans first ran. `NAME@NUMBER` names the plan.</param>
/// <param name="Current">Whether this plan ran last: the report of the experiment is about it.</param>
/// <param name="FirstRun">When a run of the plan first began; null where that was not recorded.</param>
/// <param name="LastRun">When a run of the plan last began; null where that was not recorded.</param>
/// <param name="Changes">The differences from the version before; empty for the first version.</param>
/// <param name="Runs">Status → number of runs.</param>
/// <param name="Arms">The primary metric of each arm, in the order of the experiment.</param>
/// <param name="Attempts">The attempts without a result: failed, diverged, killed, out of memory and interrupted ones.</param>
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
    IReadOnlyList<VersionAttempt> Attempts);

/// <summary>One difference between a plan and the version before it.</summary>
/// <param name="What">The path of an option, `arm`, `seeds`, `baseline`, `primaryMetric` or `stages`.</param>
/// <param name="Arms">The arms that it concerns; empty where it concerns all arms that both versions have.</param>
/// <param name="Before">The value before; null where there was none.</param>
/// <param name="After">The value in this version; null where there is none.</param>
public sealed record PlanChange(string What, IReadOnlyList<string> Arms, string? Before, string? After)
{
    /// <summary>`meanflow.lambda: 0 → 1 (arm a)`.</summary>
    public string Text() => What switch
    {
        "arm" => $"arm {After ?? Before} {(Before is null ? "added" : "removed")}",
        "stages" => $"no option differs, but the contents of files or the program's code for: {After}",
        _ => $"{What}: {Before ?? "none"} → {After ?? "none"}"
            + (Arms.Count == 0 ? "" : $" ({(Arms.Count == 1 ? "arm" : "arms")} {string.Join(", ", Arms)})"),
    };
}

/// <summary>The primary metric of one arm of a version.</summary>
/// <param name="Runs">Status → number of runs.</param>
/// <param name="Count">Number of values.</param>
/// <param name="Mean">Null without a value, or where the values may not be averaged.</param>
/// <param name="Deviation">The standard deviation over seeds; null for fewer than two values.</param>
public sealed record VersionArm(string Arm, IReadOnlyDictionary<string, int> Runs, int Count, double? Mean, double? Deviation)
{
    public int Seeds => Runs.Values.Sum();
}

/// <summary>An attempt without a result.</summary>
/// <param name="Stage">The label of its stage.</param>
/// <param name="Number">From 1, over all attempts at the stage.</param>
/// <param name="Completed">Whether a later attempt completed the stage.</param>
public sealed record VersionAttempt(string Stage, int Number, string Status, string? Error, bool Completed)
{
    /// <summary>Ended from outside, and its stage completed all the same: it changes no number.</summary>
    public bool IsResumed() => Completed && AttemptStatus.IsFromOutside(Status);
}
