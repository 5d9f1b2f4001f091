using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Question;

internal sealed class QuestionSection : ISection
{
    public string Name => "Question";

    public string Title => "Question";

    public object Model(ReportData data)
    {
        var record = data.Record;
        var measurement = data.Primary.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        var direction = measurement?.HigherIsBetter switch { true => "higher is better", false => "lower is better", null => "" };
        var band = measurement is null ? null : NoiseBand.Of(measurement.Metric);
        return new QuestionModel(
            record.Question,
            record.Expectation,
            MetricName.OfKey(record.PrimaryMetric),
            record.PrimaryMetric,
            string.Join("; ", new[] { direction, band is { } width ? $"differences within {ComparisonText.Percent(width)} are noise" : "" }
                .Where(part => part.Length > 0)),
            $"{Numbers.Plural(record.Arms.Count, "arm")} × {Numbers.Plural(record.Seeds.Count, "seed")} = "
                + $"{Numbers.Plural(record.Runs.Count, "run")}, baseline {data.Primary.Baseline}",
            record.Path,
            string.Join(" ", record.Overrides),
            InitialShares.Notes(record));
    }
}
