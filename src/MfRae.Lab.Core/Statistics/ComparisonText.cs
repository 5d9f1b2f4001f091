using System.Globalization;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Describes a comparison in words, for the console and for reports.</summary>
public static class ComparisonText
{
    /// <summary>better, worse, inconclusive, underpowered, not comparable, diverged or no data.</summary>
    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Better => "better",
        Verdict.Worse => "worse",
        Verdict.Inconclusive => "inconclusive",
        Verdict.Underpowered => "underpowered",
        Verdict.NotComparable => "not comparable",
        Verdict.Diverged => "diverged",
        _ => "no data",
    };

    /// <summary>`underpowered: both seeds lower (4.1–4.6 %); the mean, 4.4 %, exceeds the 1.3 % noise band`</summary>
    public static string Sentence(ArmComparison comparison) => comparison.Conflict is { } conflict
        ? conflict.ToString()
        : $"{Word(comparison.Verdict)}: {Reason(comparison)}";

    /// <summary>The sentence without the verdict's word.</summary>
    public static string Reason(ArmComparison comparison) => comparison.Verdict switch
    {
        Verdict.NotComparable => $"{comparison.Conflict!.Field} differs: {comparison.Conflict.One} and {comparison.Conflict.Other}",
        Verdict.Diverged => Divergence(comparison),
        Verdict.Missing => $"no seed has a value of {comparison.Metric} in both arms",
        Verdict.Underpowered => $"{Direction(comparison)}{Band(comparison)}{BaselineLosses(comparison)}",
        _ => $"{Direction(comparison)}{Band(comparison)}, {P(comparison.AdjustedPValue)}{After(comparison)}"
            + (comparison.HigherIsBetter is null ? "; the metric has no better direction" : "") + BaselineLosses(comparison),
    };

    /// <summary>`both seeds diverged`, `1 of 3 seeds diverged`; the empty string if no seed diverged.</summary>
    public static string Diverged(int diverged, int planned, string owner = "") => diverged == 0 ? ""
        : planned == 1 ? $"the only seed{owner} diverged"
        : diverged == planned ? $"{All(planned)} seeds{owner} diverged"
        : $"{diverged} of {planned} seeds{owner} diverged";

    private static string Divergence(ArmComparison comparison)
    {
        var losses = comparison.Losses;
        string[] parts =
        [
            Diverged(losses.Arm, comparison.Planned),
            Diverged(losses.Baseline, losses.BaselinePlanned, " of the baseline"),
            comparison.Pairs.Count > 0 ? $"the remaining seeds give no verdict: {Direction(comparison)}{Band(comparison)}" : "",
        ];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    private static string BaselineLosses(ArmComparison comparison) =>
        Diverged(comparison.Losses.Baseline, comparison.Losses.BaselinePlanned, " of the baseline") is { Length: > 0 } text ? "; " + text : "";

    /// <summary>
    /// The size of the difference: `mean −8.4 %, 95 % interval −11.3 to −5.6 %, n 8`. Without the interval for few pairs; empty for fewer
    /// than two pairs, and where the values are not comparable.
    /// </summary>
    public static string Effect(ArmComparison comparison)
    {
        var form = DifferenceForms.Of(comparison.Pairs);
        if (comparison.Pairs.Count < 2 || comparison.Conflict is not null || comparison.Mean(form) is not { } mean)
            return "";
        var interval = comparison.Pairs.Count < Bootstrap.FewestValues ? null : comparison.IntervalOf(form);
        return $"mean {Signed(form, mean)}{form.Unit()}"
            + (interval is { } range
                ? $", 95 % interval {Signed(form, range.Low)} to {Signed(form, range.High)}{(form == DifferenceForm.Percent ? form.Unit() : "")}"
                : "")
            + $", n {comparison.Pairs.Count}" + (comparison.Pairs.Count < comparison.Planned ? $" of {comparison.Planned}" : "");
    }

    /// <summary>Whether any of the comparisons could be significant: one sentence for all comparisons.</summary>
    public static string PowerOf(IReadOnlyList<ArmComparison> comparisons)
    {
        var tested = comparisons.Where(comparison => comparison.Pairs.Count > 0).ToArray();
        return Power.Describe(
            tested.Select(comparison => comparison.Pairs.Count).DefaultIfEmpty(0).Min(),
            tested.Length,
            tested.Select(comparison => comparison.SmallestPValue).DefaultIfEmpty(1).Max());
    }

    /// <summary>A fraction as a percentage: `4.1 %`.</summary>
    public static string Percent(double fraction) => DifferenceForm.Percent.Number(100 * fraction) + DifferenceForm.Percent.Unit();

    private static string Direction(ArmComparison comparison)
    {
        var pairs = comparison.Pairs;
        var up = pairs.Count(pair => pair.Difference > 0);
        var down = pairs.Count(pair => pair.Difference < 0);
        if (up == 0 && down == 0)
        {
            return pairs.Count == 1 ? "the only seed shows no difference" : $"{All(pairs.Count)} seeds show no difference";
        }

        if (comparison.SeedsAgree)
        {
            var who = pairs.Count == 1 ? "the only seed is" : $"{All(pairs.Count)} seeds";
            return $"{who} {(up > 0 ? "higher" : "lower")} ({Range(comparison, signed: false)})";
        }

        var (count, word) = comparison.MeanDifference > 0 ? (up, "higher") : (down, "lower");
        return $"{count} of {pairs.Count} seeds {word} ({Range(comparison, signed: true)})";
    }

    private static string Range(ArmComparison comparison, bool signed)
    {
        var form = DifferenceForms.Of(comparison.Pairs);
        var values = comparison.Pairs
            .Select(pair => form.Tell(pair.Difference, pair.Baseline)!.Value)
            .Select(value => signed ? value : Math.Abs(value))
            .ToArray();
        string Show(double value) => signed ? Signed(form, value) : form.Number(value);
        var (low, high) = (Show(values.Min()), Show(values.Max()));
        return (low == high ? low : signed ? $"{low} to {high}" : $"{low}–{high}") + form.Unit();
    }

    // A factor has no sign to show.
    private static string Signed(DifferenceForm form, double value) =>
        (value > 0 && form != DifferenceForm.Factor ? "+" : "") + form.Number(value);

    // One value is its own mean, so it is not repeated.
    private static string Band(ArmComparison comparison)
    {
        if (comparison.Band is not { } band || comparison.RelativeDifference is null)
            return "";
        var form = DifferenceForms.Of(comparison.Pairs);
        var mean = comparison.Mean(form)!.Value;
        return $"; {(comparison.Pairs.Count == 1 ? "this" : $"the mean, {Shown(comparison, form, mean)}{form.Unit()},")} "
            + $"{BandWord(comparison.BeyondBand)} the {Percent(band)} noise band";
    }

    /// <summary>`exceeds` or `is within`, followed by the noise band.</summary>
    public static string BandWord(bool beyond) => beyond ? "exceeds" : "is within";

    // The direction is in the sentence where all seeds agree.
    private static string Shown(ArmComparison comparison, DifferenceForm form, double value) =>
        comparison.SeedsAgree ? form.Number(Math.Abs(value)) : Signed(form, value);

    private static string All(int seeds) => seeds == 2 ? "both" : $"all {seeds.ToString(CultureInfo.InvariantCulture)}";

    private static string After(ArmComparison comparison) => comparison.Family > 1 ? $" after Holm correction over {comparison.Family} arms" : "";

    /// <summary>`p = 0.0313`.</summary>
    public static string P(double value) => value < 0.0001 ? "p < 0.0001" : $"p = {value.ToString("0.####", CultureInfo.InvariantCulture)}";
}

/// <summary>Formats differences in each form, as numbers and in words.</summary>
public static class DifferenceForms
{
    private const double Most = 3;
    private const double Least = 0.1;

    /// <summary>
    /// Plain if a baseline is zero. Factors if all values are positive and any is at least three times its baseline, or at most a tenth of
    /// it. Otherwise percentages.
    /// </summary>
    public static DifferenceForm Of(IReadOnlyCollection<PairedDifference> pairs) =>
        pairs.Any(pair => pair.Baseline == 0) ? DifferenceForm.Plain
        : pairs.All(pair => pair is { Baseline: > 0, Value: > 0 }) && pairs.Any(pair => pair.Value / pair.Baseline is >= Most or <= Least)
            ? DifferenceForm.Factor
        : DifferenceForm.Percent;

    /// <summary>The difference in this form; null if the form needs a baseline other than zero.</summary>
    public static double? Tell(this DifferenceForm form, double difference, double baseline) => form switch
    {
        DifferenceForm.Plain => difference,
        _ when baseline == 0 => null,
        DifferenceForm.Percent => 100 * difference / Math.Abs(baseline),
        _ => 1 + difference / baseline,
    };

    /// <summary>A difference in this form, without its unit: `−8.4`, `7.63`.</summary>
    public static string Number(this DifferenceForm form, double value) => form == DifferenceForm.Percent
        ? value.ToString(Math.Abs(value) < 100 ? "0.0" : "0", CultureInfo.InvariantCulture).Replace('-', '−')
        : Significant(value, form == DifferenceForm.Plain ? 4 : 3);

    /// <summary>The unit, with a space before it.</summary>
    public static string Unit(this DifferenceForm form) => form switch
    {
        DifferenceForm.Percent => " %",
        DifferenceForm.Factor => " times the baseline",
        _ => "",
    };

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

/// <summary>How differences from a baseline are shown.</summary>
public enum DifferenceForm
{
    /// <summary>In the unit of the metric.</summary>
    Plain,

    /// <summary>As a percentage of the baseline.</summary>
    Percent,

    /// <summary>As a multiple of the baseline, where percentages would be in the hundreds or close to −100.</summary>
    Factor,
}
