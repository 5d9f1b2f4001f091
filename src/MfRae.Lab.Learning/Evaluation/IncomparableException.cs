using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Two sets of features are not of the same thing, so that a distance between them would mean nothing.</summary>
/// <param name="one">What one side is.</param>
/// <param name="other">What the other side is.</param>
public sealed class IncomparableException(string one, string other, IReadOnlyList<IdentityConflict> conflicts)
    : Exception($"{one} and {other} are not comparable: {string.Join("; ", conflicts.Select(Text))}")
{
    /// <summary>Every field that differs.</summary>
    public IReadOnlyList<IdentityConflict> Conflicts { get; } = conflicts;

    private static string Text(IdentityConflict conflict) => $"{conflict.Field} is '{conflict.One}' and '{conflict.Other}'";
}
