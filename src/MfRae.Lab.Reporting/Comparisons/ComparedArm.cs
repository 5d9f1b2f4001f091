using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>An arm in one metric: both values, their difference, and what that says.</summary>
internal sealed record ComparedArm(string Name, Html One, Html Other, Html Difference, Html Badge, string Reason)
{
    /// <param name="difference">Null where only one of the experiments has the arm.</param>
    public static ComparedArm Of(string arm, ArmSample? one, ArmSample? other, CrossDifference? difference) => new(
        arm,
        Value(one),
        Value(other),
        difference is null ? Html.Text("–") : Text(difference),
        difference?.Verdict is { } verdict ? Parts.Badge(Parts.Tone(verdict), ComparisonText.Word(verdict))
            : difference is null ? Html.Empty
            : Parts.Badge("good", "same"),
        difference is null ? $"only in {(one is null ? "B" : "A")}" : Because(difference));

    private static Html Value(ArmSample? sample)
    {
        if (sample is null || sample.Values.Count == 0)
        {
            return sample is null ? Html.Text("–") : Html.Of($"–<span class=\"n lost\">n 0 of {sample.Planned}{Diverged(sample)}</span>");
        }

        var n = $"n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
        return Html.Of(
            $"{Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}<span class=\"n{(sample.Lost > 0 ? " lost" : "")}\">{n}{Diverged(sample)}</span>{Range(sample)}");
    }

    private static string Diverged(ArmSample sample) => sample.Diverged == 0 ? "" : $", {sample.Diverged} diverged";

    private static Html Range(ArmSample sample) =>
        Student.Text(sample.Summary) is { Length: > 0 } text ? Html.Of($"<span class=\"n\">{text}</span>") : Html.Empty;

    private static Html Text(CrossDifference difference)
    {
        if (difference.Difference is not { } value)
        {
            return Html.Text("–");
        }

        var text = Signed(value, Numbers.Significant(value, 3))
            + (difference.Relative is { } relative ? $" ({Signed(relative, ComparisonText.Percent(relative))})" : "");
        var range = difference.Interval is { } interval
            ? Html.Of($"<span class=\"n\">{Numbers.Significant(interval.Low, 3)} to {Numbers.Significant(interval.High, 3)}</span>")
            : Html.Empty;
        return Html.Of($"{text}{range}");
    }

    private static string Because(CrossDifference difference) => difference.Verdict != Verdict.Diverged ? Test(difference)
        : difference.Difference is null ? difference.Divergence
        : $"{difference.Divergence}; no verdict on the rest: {Test(difference)}";

    private static string Test(CrossDifference difference) => difference.Design switch
    {
        CrossDesign.Same => "the same stages gave it in both",
        CrossDesign.Paired => $"{Numbers.Plural(difference.Pairs.Count, "paired seed")}, sign flips: {P(difference)}",
        CrossDesign.Unpaired => $"{difference.Why}; Welch’s t: {P(difference)}",
        _ => difference.Why,
    };

    private static string P(CrossDifference difference)
    {
        var after = difference.Family > 1 ? $" after Holm over {difference.Family} arms" : "";
        var band = difference.Band is { } width && difference.Relative is not null
            ? $", {(difference.BeyondBand ? "beyond" : "within")} the {ComparisonText.Percent(width)} band"
            : "";
        return difference.SmallestPValue >= Power.Level
            ? $"so few cannot reach p < .05{after}{band}"
            : $"{ComparisonText.P(difference.AdjustedPValue ?? 1)}{after}{band}";
    }

    private static string Signed(double value, string text) => value > 0 ? "+" + text : text;
}
