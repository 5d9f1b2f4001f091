using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Tests a family of contrasts, seed by seed. See <see cref="MaxT"/>.</summary>
public static class Comparison
{
    /// <summary>
    /// One result for each question, in order. Contrasts of arms that were measured in different ways, and contrasts without a seed that all
    /// arms have, are not part of the family over which p values and intervals are adjusted.
    /// </summary>
    public static IReadOnlyList<ContrastResult> Of(IReadOnlyList<ContrastQuestion> questions)
    {
        var drafts = questions.Select(question => new ContrastDraft(question)).ToArray();
        var family = drafts.Where(draft => draft.Tested).ToArray();
        long[] seeds = [.. family.SelectMany(draft => draft.Effects).Select(effect => effect.Seed).Distinct().Order()];
        var test = new MaxT([.. family.Select(draft => draft.Values(seeds))]);
        return [.. drafts.Select(draft =>
            draft.Result(Array.IndexOf(family, draft) is >= 0 and var at ? test.Of(at) : null, family.Length))];
    }

    /// <summary>The contrast of each arm with the baseline.</summary>
    /// <param name="margin">The smallest relevant effect, or null.</param>
    public static IReadOnlyList<ContrastResult> Against(
        ArmSample baseline, IReadOnlyList<ArmSample> arms, string metric, double? margin = null, string? reason = null) =>
        Of([.. arms.Select(arm => new ContrastQuestion(Contrast.Of(arm.Arm, baseline.Arm), metric, [arm, baseline], margin, reason))]);

    /// <summary>The effect of each pair: log ratios if the metric is always positive and so are its values, otherwise differences.</summary>
    internal static EffectScale ScaleOf(IReadOnlyList<ArmSample> arms) =>
        arms.SelectMany(arm => arm.Measured).FirstOrDefault() is { } first
        && MetricCatalogue.IsPositive(first.Measurement.Metric)
        && arms.SelectMany(arm => arm.Finite).All(seed => seed.Measurement.Value > 0)
            ? EffectScale.LogRatio
            : EffectScale.Difference;

    /// <summary>The verdict on a result.</summary>
    internal static Verdict Judge(ContrastResult result)
    {
        if (result.Conflict is not null)
        {
            return Verdict.NotComparable;
        }

        if (result.StoppedArms.Count > 0)
        {
            return Verdict.Stopped;
        }

        if (result.Test is not { } test)
        {
            return result.IsRanked ? Verdict.Diverged : Verdict.Missing;
        }

        if (result.IsRanked)
        {
            return result.Margin is not null && test.PValue <= MaxT.Level ? Direction(result.HigherIsBetter, test.Mean) : Verdict.Diverged;
        }

        return result.Margin is null ? Verdict.None
            : test.Inside <= MaxT.Level ? Verdict.Equivalent
            : test.Smallest > MaxT.Level ? Verdict.Underpowered
            : test.Beyond <= MaxT.Level ? Direction(result.HigherIsBetter, test.Mean)
            : Verdict.Inconclusive;
    }

    private static Verdict Direction(bool? higherIsBetter, double effect) => higherIsBetter is not { } higher
        ? effect > 0 ? Verdict.Higher : Verdict.Lower
        : effect > 0 == higher ? Verdict.Better : Verdict.Worse;
}

/// <summary>A contrast to test.</summary>
/// <param name="Metric">Key of the metric.</param>
/// <param name="Arms">The samples of all arms of the contrast in this metric.</param>
/// <param name="Margin">The smallest relevant effect, or null.</param>
/// <param name="Reason">Why no verdict is given; null if one is given wherever there is a margin.</param>
/// <param name="HasDirection">Whether the contrast can be better or worse; null: if it compares one arm with another.</param>
public sealed record ContrastQuestion(
    Contrast Contrast, string Metric, IReadOnlyList<ArmSample> Arms, double? Margin, string? Reason = null, bool? HasDirection = null);

/// <summary>The result of a contrast.</summary>
/// <param name="Scale">The unit of effects and margin.</param>
/// <param name="Margin">The smallest relevant effect; null without one, or if it does not apply.</param>
/// <param name="Reason">Why no verdict is given, or null.</param>
/// <param name="Effects">The effect of each seed that all arms of the contrast finished.</param>
/// <param name="Planned">Number of seeds of the experiment.</param>
/// <param name="Ended">Number of seeds of which every arm has a value or diverged. Seeds that share all measurements have one effect.</param>
/// <param name="Losses">The arms with diverged seeds. If there are any, effects are ranks and have no interval.</param>
/// <param name="Test">The test within the family; null for contrasts that are not tested.</param>
/// <param name="Family">Number of contrasts in the family.</param>
/// <param name="HigherIsBetter">Direction of the contrast; null if it is neither better nor worse.</param>
/// <param name="Conflict">Why the arms are not comparable, or null.</param>
/// <param name="StoppedArms">The arms of the contrast that a declared rule stopped; null: none.</param>
public sealed record ContrastResult(
    Contrast Contrast,
    string Metric,
    EffectScale Scale,
    double? Margin,
    string? Reason,
    IReadOnlyList<SeedEffect> Effects,
    int Planned,
    int Ended,
    IReadOnlyList<ArmLosses> Losses,
    SimultaneousTest? Test,
    int Family,
    bool? HigherIsBetter,
    IdentityConflict? Conflict,
    Verdict Verdict,
    IReadOnlyList<string>? StoppedArms = null)
{
    /// <summary>The arms of the contrast that a declared rule stopped.</summary>
    public IReadOnlyList<string> StoppedArms { get; init; } = StoppedArms ?? [];

    /// <summary>The name in reports.</summary>
    public string Name => Contrast.Title ?? Contrast.Name;

    /// <summary>The arm of a contrast of two arms; the name of the contrast otherwise.</summary>
    public string Arm => Contrast.Name;

    /// <summary>The effects that are finite; those of diverged seeds have ranks only.</summary>
    public IReadOnlyList<SeedEffect> Finite => [.. Effects.Where(effect => double.IsFinite(effect.Effect))];

    /// <summary>Whether diverged seeds replace the values by ranks.</summary>
    public bool IsRanked => Losses.Count > 0;

    /// <summary>The mean effect; null without values, and with diverged seeds.</summary>
    public double? Mean => IsRanked || Test is null ? null : Test.Mean;

    /// <summary>The simultaneous 95 % interval of the effect; null with too few seeds, and with diverged seeds.</summary>
    public Interval? Interval => IsRanked ? null : Test?.Interval;

    /// <summary>Whether all seeds have an effect in the same direction.</summary>
    public bool SeedsAgree => Effects.All(effect => effect.Effect > 0) || Effects.All(effect => effect.Effect < 0);

    /// <summary>Whether seeds of the experiment still lack a result.</summary>
    public bool IsPartial => Conflict is null && Ended > 0 && Ended < Planned;
}

/// <summary>The effect of one seed.</summary>
/// <param name="Effect">Infinite if an arm diverged: the worst rank. NaN if arms with opposite weights diverged: a tie.</param>
public sealed record SeedEffect(long Seed, double Effect);

/// <summary>The diverged seeds of an arm.</summary>
public sealed record ArmLosses(string Arm, int Diverged, int Planned);

/// <summary>The unit of an effect.</summary>
public enum EffectScale
{
    /// <summary>Natural logarithm of a ratio: 0.03 is 3 %.</summary>
    LogRatio,

    /// <summary>In the unit of the metric.</summary>
    Difference,
}

/// <summary>The outcome of a contrast.</summary>
public enum Verdict
{
    /// <summary>The effect is beyond the smallest relevant effect, in the better direction.</summary>
    Better,

    /// <summary>The effect is beyond the smallest relevant effect, in the worse direction.</summary>
    Worse,

    /// <summary>The effect is beyond the smallest relevant effect, above zero; the contrast has no better direction.</summary>
    Higher,

    /// <summary>The effect is beyond the smallest relevant effect, below zero; the contrast has no better direction.</summary>
    Lower,

    /// <summary>The effect is within the smallest relevant effect on both sides.</summary>
    Equivalent,

    /// <summary>Enough seeds, but the effect is neither shown to be beyond the smallest relevant effect nor within it.</summary>
    Inconclusive,

    /// <summary>Too few seeds for any outcome to be significant.</summary>
    Underpowered,

    /// <summary>The values have different identities.</summary>
    NotComparable,

    /// <summary>Seeds diverged, and the ranks do not decide.</summary>
    Diverged,

    /// <summary>A declared rule stopped an arm, so its values are not those of a finished arm.</summary>
    Stopped,

    /// <summary>No seed has a value in all arms.</summary>
    Missing,

    /// <summary>No smallest relevant effect is declared, or the contrast is not one of those that the experiment declares.</summary>
    None,
}

/// <summary>Properties of verdicts.</summary>
public static class VerdictExtensions
{
    /// <summary>Whether the verdict is a finding: a relevant difference or equivalence.</summary>
    public static bool IsDecided(this Verdict verdict) =>
        verdict is Verdict.Better or Verdict.Worse or Verdict.Higher or Verdict.Lower or Verdict.Equivalent;
}

/// <summary>The values of a contrast before the test of its family.</summary>
internal sealed class ContrastDraft
{
    private readonly ContrastQuestion _question;
    private readonly IdentityConflict? _conflict;
    private readonly bool? _higherIsBetter;
    private readonly bool _positive;
    private readonly EffectScale _scale;
    private readonly ArmLosses[] _losses;
    private readonly string[] _stopped;
    private int _ended;

    public ContrastDraft(ContrastQuestion question)
    {
        _question = question;
        var measured = question.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).ToArray();
        _conflict = MeasurementIdentity.Difference(measured);
        _higherIsBetter = measured.Length == 0 ? null : measured[0].HigherIsBetter;
        _positive = measured.Length > 0 && MetricCatalogue.IsPositive(measured[0].Metric);
        _scale = Comparison.ScaleOf(question.Arms);
        _losses =
        [
            .. from arm in question.Arms
               let diverged = arm.DivergedSeeds.Count
               where diverged > 0 && !arm.Stopped
               select new ArmLosses(arm.Arm, diverged, arm.Planned),
        ];
        _stopped = [.. question.Arms.Where(arm => arm.Stopped).Select(arm => arm.Arm)];
        Effects = _conflict is null && _stopped.Length == 0 ? OfSeeds() : [];
    }

    public IReadOnlyList<SeedEffect> Effects { get; }

    // A tie of ranks is NaN.
    public bool Tested => Effects.Any(effect => !double.IsNaN(effect.Effect));

    private bool Ranked => _losses.Length > 0;

    /// <summary>The smallest relevant effect, if it is in the unit of the effects.</summary>
    private double? Margin => _positive && _scale != EffectScale.LogRatio ? null : _question.Margin;

    /// <summary>The values for the test, at the places of the seeds of the family.</summary>
    public ContrastValues Values(long[] seeds)
    {
        var values = new double[seeds.Length];
        Array.Fill(values, double.NaN);
        // With ranks: whether the median is beyond the margin on the side of most seeds.
        var margin = Margin ?? 0;
        var ordered = Effects.Where(effect => !double.IsNaN(effect.Effect)).ToArray();
        var majority = Math.Sign(ordered.Sum(effect => Math.Sign(effect.Effect)));
        foreach (var effect in ordered)
        {
            var rank = Math.Sign(effect.Effect - (majority * margin));
            values[Array.IndexOf(seeds, effect.Seed)] = !Ranked ? effect.Effect : rank == 0 ? double.NaN : rank;
        }

        return new(values, Ranked ? null : Margin);
    }

    public ContrastResult Result(SimultaneousTest? test, int family)
    {
        var reason = _question.Reason
            ?? (_question.Margin is null ? "the experiment declares no smallestRelevantEffect"
            : Margin is null ? "a value is not positive, so the smallest relevant effect, a log ratio, does not apply"
            : null);
        var directed = _question.HasDirection ?? _question.Contrast.IsOfTwoArms();
        var result = new ContrastResult(
            _question.Contrast,
            _question.Metric,
            _scale,
            reason is null ? Margin : null,
            reason,
            Effects,
            _question.Arms.Select(arm => arm.Planned).DefaultIfEmpty(0).Max(),
            _ended,
            _losses,
            test,
            family,
            directed ? _higherIsBetter : null,
            _conflict,
            Verdict.Missing,
            _stopped);
        return result with { Verdict = Comparison.Judge(result) };
    }

    /// <summary>The effects by ascending seed. Seeds that share the measurements of all arms count once.</summary>
    private List<SeedEffect> OfSeeds()
    {
        var values = _question.Arms
            .Select(arm => (
                Weight: _question.Contrast.Weights[arm.Arm],
                Seeds: arm.Finite.DistinctBy(seed => seed.Seed).ToDictionary(seed => seed.Seed),
                Diverged: arm.DivergedSeeds.ToHashSet()))
            .ToArray();
        var effects = new List<SeedEffect>();
        var known = new HashSet<string>();
        foreach (var seed in values.SelectMany(arm => arm.Seeds.Keys.Concat(arm.Diverged)).Distinct().Order())
        {
            if (!values.All(arm => arm.Seeds.ContainsKey(seed) || arm.Diverged.Contains(seed)))
            {
                continue;
            }

            _ended++;
            if (!known.Add(string.Join('\n', values.Select(arm => arm.Seeds.TryGetValue(seed, out var one) ? one.Stage : $"diverged {seed}"))))
            {
                continue;
            }

            effects.Add(new(seed, values.Any(arm => !arm.Seeds.ContainsKey(seed))
                ? Rank(values.Where(arm => !arm.Seeds.ContainsKey(seed)).Select(arm => arm.Weight))
                : values.Sum(arm => arm.Weight * Scaled(arm.Seeds[seed].Measurement.Value!.Value))));
        }

        return effects;
    }

    private double Scaled(double value) => _scale == EffectScale.LogRatio ? Math.Log(value) : value;

    /// <summary>A diverged run has the worst value, so its sign decides; diverged arms with opposite signs are a tie.</summary>
    private double Rank(IEnumerable<double> weights)
    {
        var worst = _higherIsBetter == true ? -1 : 1;
        int[] signs = [.. weights.Select(weight => worst * Math.Sign(weight)).Distinct()];
        return signs.Length == 1 ? signs[0] * double.PositiveInfinity : double.NaN;
    }
}
