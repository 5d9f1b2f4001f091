namespace MfRae.Lab.Core.Planning;

/// <summary>
/// After how many steps of training weights are kept: halves of halves, because a network changes most at first.
/// </summary>
public static class SnapshotSteps
{
    /// <summary>
    /// 0 and steps / 2^(n-1), …, steps / 4, steps / 2 for n snapshots, ascending and without repetition; the end is not among them, that
    /// is the network itself.
    /// </summary>
    public static IReadOnlyList<int> Of(int steps, int snapshots) =>
        snapshots == 0 ? [] : [.. Enumerable.Range(1, snapshots - 1).Reverse().Select(halvings => steps >> halvings).Prepend(0).Distinct()];
}
