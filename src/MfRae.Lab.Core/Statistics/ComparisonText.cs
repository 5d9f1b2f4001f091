using System.Globalization;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Describes results of contrasts in words, for the console and for reports.</summary>
public static class ComparisonText
{
    /// <summary>better, worse, higher, lower, equivalent, inconclusive, underpowered, not comparable, diverged, stopped, no data or no verdict.</summary>
    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Better => "better",
        Verdict.Worse => "worse",
        Verdict.Higher => "higher",
        Verdict.Lower => "lower",
        Verdict.Equivalent => "equivalent",
        Verdict.Inconclusive => "inconclusive",
        Verdict.Underpowered => "underpowered",
        Verdict.NotComparable => "not comparable",
        Verdict.Diverged => "diverged",
        Verdict.Stopped => "stopped",
        Verdict.Missing => "no data",
        _ => "no verdict",
    };

    /// <summary>The word of a result: `partial: better` if seeds still lack a result.</summary>
    public static string Word(ContrastResult result) => (result.IsPartial ? "partial: " : "") + Word(result.Verdict);

    /// <summary>`better: all 8 seeds lower (8.1–8.9 %); beyond the smallest relevant effect of 3 %, p = 0.0078`</summary>
    public static string Sentence(ContrastResult result) => result.Conflict is { } conflict
        ? conflict.ToString()
        : $"{Word(result)}: {Reason(result)}";

    /// <summary>The sentence without the verdict's word.</summary>
    public static string Reason(ContrastResult result)
    {
        if (result.Conflict is { } conflict)
        {
            return $"{conflict.Field} differs: {conflict.One} and {conflict.Other}";
        }

        if (result.StoppedArms is { Count: > 0 } stopped)
        {
            return $"{string.Join(" and ", stopped)} {(stopped.Count == 1 ? "was" : "were")} stopped by a declared rule: no verdict";
        }

        var partial = result.IsPartial ? $"{result.Ended} of {result.Planned} seeds; " : "";
        return partial + (result.IsRanked ? Ranked(result) : result.Test is null
            ? $"no seed has a value of {result.Metric} in {(result.Contrast.Weights.Count == 2 ? "both" : "all")} arms"
            : $"{Direction(result)}; {Decision(result)}");
    }

    /// <summary>`both seeds diverged`, `1 of 3 seeds diverged`; the empty string if no seed diverged.</summary>
    public static string Diverged(int diverged, int planned, string owner = "") => diverged == 0 ? ""
        : planned == 1 ? $"the only seed{owner} diverged"
        : diverged == planned ? $"{All(planned)} seeds{owner} diverged"
        : $"{diverged} of {planned} seeds{owner} diverged";

    /// <summary>
    /// The size of the effect: `−8.4 %, 95 % interval −11.3 to −5.6 %, n 8`; without an interval for few seeds. Empty for fewer than two
    /// seeds, with diverged seeds, and where the values are not comparable.
    /// </summary>
    public static string Effect(ContrastResult result)
    {
        if (result.Effects.Count < 2 || result.Conflict is not null || result.Mean is not { } mean)
        {
            return "";
        }

        var form = EffectForms.Of([result]);
        return $"mean {form.Signed(mean)}{form.Unit()}"
            + (result.Interval is { } range ? $", 95 % interval {Range(form, range)}" : "")
            + $", n {result.Effects.Count}" + (result.Effects.Count < result.Planned ? $" of {result.Planned}" : "");
    }

    /// <summary>What an experiment of this size can show: one sentence for all contrasts.</summary>
    public static string PowerOf(IReadOnlyList<ContrastResult> results)
    {
        var tested = results.Where(result => result.Test is not null).ToArray();
        return Power.Describe(
            tested.Select(result => result.Effects.Count).DefaultIfEmpty(0).Min(),
            tested.Length,
            tested.Select(result => result.Scale).FirstOrDefault(),
            tested.Select(result => result.Margin).FirstOrDefault(margin => margin is not null));
    }

    /// <summary>A fraction as a percentage: `4.1 %`.</summary>
    public static string Percent(double fraction) =>
        (100 * fraction).ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−') + EffectForm.Percent.Unit();

    /// <summary>The smallest relevant effect: `0.03 (−3.0 to +3.0 %)`, or `0.002`.</summary>
    public static string Margin(EffectScale scale, double margin)
    {
        var number = margin.ToString("0.######", CultureInfo.InvariantCulture);
        return scale == EffectScale.Difference ? number : $"{number} ({Range(EffectForm.Percent, new(-margin, margin))})";
    }

    /// <summary>`p = 0.0313`.</summary>
    public static string P(double value) => value < 0.0001 ? "p < 0.0001" : $"p = {value.ToString("0.####", CultureInfo.InvariantCulture)}";

    private static string Decision(ContrastResult result)
    {
        var (test, margin) = (result.Test!, result.Margin);
        var against = margin is { } least ? $"the smallest relevant effect, {Margin(result.Scale, least)}" : "";
        var family = result.Family > 1 ? $" in a family of {result.Family}" : "";
        return result.Verdict switch
        {
            Verdict.None => $"no verdict: {result.Reason}",
            Verdict.Underpowered => $"too few seeds for a verdict: the smallest possible {P(test.Smallest)}",
            Verdict.Equivalent => $"the 90 % interval, {Range(EffectForms.Of([result]), test.Within!.Value)}, is within {against}, {P(test.Inside!.Value)}{family}",
            Verdict.Inconclusive => test.PValue <= MaxT.Level
                ? $"different from zero, {P(test.PValue)}{family}, but not shown to be beyond {against}"
                : $"not shown to be different from zero, {P(test.PValue)}{family}, or to be within {against}",
            _ => $"beyond {against}, {P(test.Beyond!.Value)}{family}",
        };
    }

    private static string Ranked(ContrastResult result)
    {
        var losses = result.Losses.Select(arm => Diverged(arm.Diverged, arm.Planned, $" of {arm.Arm}"));
        var ordered = result.Effects.Where(effect => !double.IsNaN(effect.Effect)).ToArray();
        var ties = result.Effects.Count - ordered.Length;
        var test = result.Test is { } tested
            ? $"sign test of the ranks, diverged being worst: {ordered.Count(effect => effect.Effect > 0)} of {ordered.Length} seeds higher"
                + (ties > 0 ? $", {ties} tied" : "") + $", {P(tested.PValue)}" + (result.Family > 1 ? $" in a family of {result.Family}" : "")
            : "";
        return string.Join("; ", losses.Append(test).Append(result.Reason is { } reason && test.Length > 0 ? $"no verdict: {reason}" : "")
            .Where(part => part.Length > 0));
    }

    private static string Direction(ContrastResult result)
    {
        var effects = result.Effects;
        if (effects.Count == 0)
        {
            return $"the mean is {(result.Mean > 0 ? "higher" : "lower")}";
        }

        var up = effects.Count(seed => seed.Effect > 0);
        var down = effects.Count(seed => seed.Effect < 0);
        if (up == 0 && down == 0)
        {
            return effects.Count == 1 ? "the only seed shows no difference" : $"{All(effects.Count)} seeds show no difference";
        }

        var form = EffectForms.Of([result]);
        if (result.SeedsAgree)
        {
            var who = effects.Count == 1 ? "the only seed is" : $"{All(effects.Count)} seeds";
            return $"{who} {(up > 0 ? "higher" : "lower")} ({Values(form, effects, signed: false)})";
        }

        var (count, word) = result.Mean > 0 ? (up, "higher") : (down, "lower");
        return $"{count} of {effects.Count} seeds {word} ({Values(form, effects, signed: true)})";
    }

    private static string Values(EffectForm form, IReadOnlyList<SeedEffect> effects, bool signed)
    {
        double[] values = [.. effects.Select(seed => seed.Effect).Order()];
        string Show(double value) => signed ? form.Signed(value) : form.Size(value);
        if (!signed && values[^1] < 0 && form != EffectForm.Factor)
        {
            Array.Reverse(values);
        }

        var (low, high) = (Show(values[0]), Show(values[^1]));
        return (low == high ? low : signed ? $"{low} to {high}" : $"{low}–{high}") + form.Unit();
    }

    private static string Range(EffectForm form, Interval range) => $"{form.Signed(range.Low)} to {form.Signed(range.High)}{form.Unit()}";

    private static string All(int seeds) => seeds == 2 ? "both" : $"all {seeds.ToString(CultureInfo.InvariantCulture)}";
}

/// <summary>Formats effects in each form, as numbers and in words.</summary>
public static class EffectForms
{
    private const double Most = 3;
    private const double Least = 0.1;

    /// <summary>
    /// Plain for differences. Factors for log ratios if any value is at least three times, or at most a tenth. Otherwise percentages.
    /// </summary>
    public static EffectForm Of(IReadOnlyCollection<ContrastResult> results) =>
        results.Any(result => result.Scale == EffectScale.Difference) ? EffectForm.Plain
        : Of(results.SelectMany(result => result.Finite).Select(seed => seed.Effect));

    /// <summary>The form of log ratios.</summary>
    public static EffectForm Of(IEnumerable<double> logRatios) =>
        logRatios.Any(effect => Math.Exp(effect) is >= Most or <= Least) ? EffectForm.Factor : EffectForm.Percent;

    /// <summary>The number of an effect in this form: −8.4 as a percentage, 7.63 as a factor.</summary>
    public static double Value(this EffectForm form, double effect) => form switch
    {
        EffectForm.Plain => effect,
        EffectForm.Percent => 100 * (Math.Exp(effect) - 1),
        _ => Math.Exp(effect),
    };

    /// <summary>An effect in this form without unit: `−8.4`, `7.63`.</summary>
    public static string Text(this EffectForm form, double effect) => Number(form, form.Value(effect));

    /// <summary>The size of an effect without sign; a factor has none.</summary>
    public static string Size(this EffectForm form, double effect) => Number(form, Math.Abs(form.Value(effect)));

    /// <summary>An effect with its sign; a factor has none.</summary>
    public static string Signed(this EffectForm form, double effect) => (effect > 0 && form != EffectForm.Factor ? "+" : "") + form.Text(effect);

    /// <summary>The unit, with a space before it.</summary>
    public static string Unit(this EffectForm form) => form switch
    {
        EffectForm.Percent => " %",
        EffectForm.Factor => " times",
        _ => "",
    };

    /// <summary>A number that is already in this form.</summary>
    public static string Number(this EffectForm form, double value) => form == EffectForm.Percent
        ? value.ToString(Math.Abs(value) < 100 ? "0.0" : "0", CultureInfo.InvariantCulture).Replace('-', '−')
        : Significant(value, form == EffectForm.Plain ? 4 : 3);

    // 0.0123, 123, 12,345, 1.2e−5
    private static string Significant(double value, int digits)
    {
        var size = Math.Abs(value);
        var text = size is > 0 and < 1e-4
            ? value.ToString("0." + new string('#', digits - 1) + "e0", CultureInfo.InvariantCulture)
            : size >= Math.Pow(10, digits - 1) ? value.ToString("#,0", CultureInfo.InvariantCulture)
            : value.ToString("G" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.Replace('-', '−');
    }
}

/// <summary>How effects are shown.</summary>
public enum EffectForm
{
    /// <summary>In the unit of the metric.</summary>
    Plain,

    /// <summary>A log ratio as a percentage.</summary>
    Percent,

    /// <summary>A log ratio as a factor, where percentages would be in the hundreds or close to −100.</summary>
    Factor,
}
