using System.Globalization;

namespace MfRae.Lab.Core.Planning;

/// <summary>
/// The roles of the stages of a run that exist once for each of its sets of samples: `sampling` and `evaluation` for the first set,
/// `sampling.2` and `evaluation.2` for the second, and so on.
/// </summary>
public static class NoiseSets
{
    /// <summary>The role for a set.</summary>
    /// <param name="role">The role for the first set, such as `evaluation`.</param>
    /// <param name="set">The number of the set, from 1.</param>
    public static string Role(string role, int set) => set == 1 ? role : string.Create(CultureInfo.InvariantCulture, $"{role}.{set}");

    /// <summary>The roles for all sets of a run, in their order; empty if the run has no stage with the role.</summary>
    /// <param name="stages">Role → stage key of the run.</param>
    /// <param name="role">The role for the first set.</param>
    public static IEnumerable<string> Roles(IReadOnlyDictionary<string, string> stages, string role) =>
        Enumerable.Range(1, stages.Count).Select(set => Role(role, set)).TakeWhile(stages.ContainsKey);
}
