using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

internal sealed class VerdictSection : ISection
{
    public string Name => "Verdicts";

    public string Title => "Verdict";

    public object Model(ReportData data)
    {
        var differences = DifferenceChart.Of(data);
        var chart = differences.Draw();
        return new VerdictModel(
            data.Primary.Conflict?.ToString() ?? "",
            VerdictTiles.Of(data),
            [.. data.Arms.Select(arm => Row(data, arm))],
            ComparisonText.PowerOf(data.Primary.Comparisons),
            chart,
            chart.IsEmpty ? "" : "Small dots: seeds. Diamond: mean. Bar: 95 % bootstrap interval of the mean."
                + (differences.Shade is null ? "" : " Shaded: the noise band."),
            Parts.Sql(data.Sql.Pairs(data.Primary.Metric)));
    }

    private static VerdictRow Row(ReportData data, ArmView arm)
    {
        if (data.Primary.Comparisons.FirstOrDefault(comparison => comparison.Arm == arm.Name) is { } comparison)
        {
            return new(Parts.Arm(arm), Parts.Badge(Parts.Tone(comparison.Verdict), ComparisonText.Word(comparison.Verdict)),
                ComparisonText.Reason(comparison), ComparisonText.Effect(comparison), arm.Losses);
        }

        var sample = arm.Of(data.Primary);
        var interval = Student.Text(sample.Summary);
        var reason = sample.Values.Count == 0
            ? ComparisonText.Diverged(sample.Diverged, sample.Planned) is { Length: > 0 } diverged ? diverged : $"no value of {data.Primary.Metric}"
            : sample.Conflict?.ToString() ?? $"{data.Primary.Metric} {Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}"
                + (interval.Length == 0 ? "" : $" (sd over seeds; {interval})") + ", the others are compared with it";
        return new(Parts.Arm(arm), Parts.Badge("plain", "baseline"), reason, "", arm.Losses);
    }
}
