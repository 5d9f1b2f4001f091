namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// The arms that may be the best (multiple comparison with the best: J. C. Hsu, Multiple Comparisons, 1996). An arm is excluded if any other
/// arm is better by a one-sided max-T test of its differences from all other arms. The truly best arm is excluded with a probability of at most
/// <see cref="MaxT.Level"/>, whatever the number of arms.
/// </summary>
public static class BestArms
{
    /// <summary>With more arms the set is not computed.</summary>
    public const int Most = 40;

    /// <summary>With fewer seeds no arm can be excluded.</summary>
    public const int FewestSeeds = 5;

    /// <summary>The names of the arms that may be the best.</summary>
    /// <returns>
    /// Null if there is no such set: fewer than two arms with values, too few common seeds, too many arms, values of different identities, or
    /// a metric without direction.
    /// </returns>
    public static IReadOnlySet<string>? Of(IReadOnlyList<ArmSample> arms)
    {
        ArmSample[] measured = [.. arms.Where(arm => arm is { Measured.Count: > 0, Stopped: false })];
        if (measured.Length is < 2 or > Most
            || measured[0].Measured[0].Measurement.HigherIsBetter is not { } higher
            || Metrics.MeasurementIdentity.Difference(measured.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement)) is not null
            || Shared(measured).Max(seeds => seeds) < FewestSeeds)
        {
            return null;
        }

        return measured.Where(arm => !IsExcluded(arm, measured, higher)).Select(arm => arm.Arm).ToHashSet();
    }

    private static IEnumerable<int> Shared(ArmSample[] arms) =>
        from one in arms
        from other in arms
        where one != other
        select one.Finite.Select(seed => seed.Seed).Intersect(other.Finite.Select(seed => seed.Seed)).Count();

    private static bool IsExcluded(ArmSample arm, ArmSample[] arms, bool higher)
    {
        var differences = arms.Where(other => other != arm)
            .Select(other => new ContrastDraft(new(Experiments.Contrast.Of(arm.Arm, other.Arm), "", [arm, other], null)))
            .Where(draft => draft.Tested)
            .ToArray();
        if (differences.Length == 0)
        {
            return false;
        }

        long[] seeds = [.. differences.SelectMany(draft => draft.Effects).Select(effect => effect.Seed).Distinct().Order()];
        return new MaxT([.. differences.Select(draft => Worse(draft.Values(seeds)))]).UpperPValue() <= MaxT.Level;

        // Positive where the arm is worse than the other.
        ContrastValues Worse(ContrastValues values) => higher ? new([.. values.Values.Select(value => -value)]) : values;
    }
}
