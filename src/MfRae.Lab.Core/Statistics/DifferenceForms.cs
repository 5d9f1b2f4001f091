using System.Globalization;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Differences in their forms, as numbers and in words.</summary>
public static class DifferenceForms
{
    private const double Most = 3;
    private const double Least = 0.1;

    /// <summary>
    /// Plain where a baseline is zero; factors where no value is, and one is three times its baseline or more, or a tenth of it or less;
    /// else percentages.
    /// </summary>
    public static DifferenceForm Of(IReadOnlyCollection<PairedDifference> pairs) =>
        pairs.Any(pair => pair.Baseline == 0) ? DifferenceForm.Plain
        : pairs.All(pair => pair is { Baseline: > 0, Value: > 0 }) && pairs.Any(pair => pair.Value / pair.Baseline is >= Most or <= Least)
            ? DifferenceForm.Factor
        : DifferenceForm.Percent;

    /// <summary>The difference in this form; null where the baseline is zero and it must not be.</summary>
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

    /// <summary>What follows the number.</summary>
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
