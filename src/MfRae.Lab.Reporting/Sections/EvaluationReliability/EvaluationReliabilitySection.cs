using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.EvaluationReliability;

/// <summary>What the evaluation says of itself.</summary>
internal sealed class EvaluationReliabilitySection : ISection
{
    private const int Digits = 3;

    public string Name => "EvaluationReliability";

    public string Title => "Reliability of the evaluation";

    public bool Has(ReportData data) => Seeds(data).Rows.Any(row => row.Dots.Count > 0) || Ladders(data).Count > 0 || Sheets(data).Count > 0;

    public object Model(ReportData data)
    {
        var ladders = Ladders(data);
        var seeds = Seeds(data);
        return new EvaluationReliabilityModel(
            [.. Notes(data, ladders), .. Choice(data, seeds)],
            seeds.Rows.Count,
            seeds.Draw(),
            ladders.Count == 0 ? Html.Empty : Html.Of($"<p class=\"legend\">FID of corrupted reference images, compared with the original reference images</p>"),
            [.. ladders.Select(Chart)],
            Sheets(data),
            Parts.Sql(data.Sql.EvaluationReliability));
    }

    private static IEnumerable<Html> Notes(ReportData data, IReadOnlyList<RecordedCorruptionSweep> ladders)
    {
        if (Evaluated(data).FirstOrDefault(value => value.Metric == MetricNames.Floor) is { Value: { } floor } measured)
        {
            yield return Html.Of($"<strong>FID floor.</strong> {Numbers.Count(measured.Samples)} real training images, the same number as samples, have FID "
                + $"{Numbers.Significant(floor, Digits)} to the reference. Do not expect a lower value from any generator.");
        }

        foreach (var ladder in ladders)
        {
            yield return ladder.IsMonotone
                ? Html.Of($"<strong>{Capital(ladder.Corruption)}.</strong> FID increases at each of {Numbers.Count(ladder.Rungs.Count)} corruption levels.")
                : Html.Of($"<strong>{Capital(ladder.Corruption)}.</strong> <span class=\"lost\">FID does not increase at every corruption level. The features "
                    + $"do not detect this corruption, and neither do the verdicts.</span>");
        }

        foreach (var value in Evaluated(data).Where(value => value.Metric == MetricNames.MemorisedShare))
        {
            yield return Html.Of($"<strong>Memorisation, {Numbers.Plural(value.Steps, "step")}.</strong> {Numbers.Fixed(100 * value.Value!.Value, 1)} % of "
                + $"the samples of the first run are nearer to a training image than 99 % of the test images are; about 1 % is expected without copying.");
        }
    }

    // How far chance in the choice of samples alone moves a run's value.
    private static IEnumerable<Html> Choice(ReportData data, DotChart seeds)
    {
        double[] widths = [.. seeds.Rows.Select(row => (row.Interval!.Value.High - row.Interval.Value.Low) / 2).Order()];
        if (widths.Length > 0)
        {
            yield return Html.Of($"<strong>Sampling error.</strong> Another set of samples from the same generator would change "
                + $"{MetricName.OfKey(data.Primary.Metric)} by about ±{Numbers.Significant(Bootstrap.Quantile(widths, 0.5), 2)} (half the width of a run’s 95 % "
                + $"interval; median of {Numbers.Plural(widths.Length, "run")}).");
        }
    }

    // Measured once for all arms, or shown for the first: the table of results has every arm's.
    private static IEnumerable<Measurement> Evaluated(ReportData data) => data.Role("evaluation").Take(1)
        .SelectMany(group => group.Stage.Measurements)
        .Where(value => value.Value is not null);

    /// <summary>Each run's value of the primary metric with its interval over the choice of samples.</summary>
    private static DotChart Seeds(ReportData data)
    {
        string Format(double value) => Numbers.Significant(value, Digits);
        var rows =
            from arm in data.Arms
            from seed in arm.Of(data.Primary).Measured
            let value = seed.Measurement
            where value is { Value: not null, Low: not null, High: not null }
            select new DotRow(
                $"{arm.Name}, seed {seed.Seed}",
                arm.Css,
                [new Dot(value.Value!.Value, $"{arm.Name}, seed {seed.Seed}: {Format(value.Value.Value)}")],
                null,
                new(value.Low!.Value, value.High!.Value));
        return new(
            $"{MetricName.OfKey(data.Primary.Metric)} of each run, with its 95 % interval over the choice of samples",
            data.Primary.Metric, [.. rows], [], Format);
    }

    private static IReadOnlyList<RecordedCorruptionSweep> Ladders(ReportData data) =>
        RecordedCorruptionSweep.All(data.Role("ladder").Take(1).SelectMany(group => group.Stage.Measurements));

    private static Html Chart(RecordedCorruptionSweep ladder) => new LineChart(
        Capital(ladder.Corruption),
        ladder.Corruption == "blur" ? "σ of the blur in pixels" : "σ of the noise in grey values",
        // No arm's colour: it is about none of them, and stays when an arm is hidden.
        [new Line(ladder.Corruption, "judge", [.. ladder.Rungs.Select(rung => new CurvePoint(
            rung.Level, rung.Value, rung.Value ?? double.NaN, rung.Value ?? double.NaN))])],
        Log: false).Draw();

    private static IReadOnlyList<EvaluationReliabilitySheet> Sheets(ReportData data) =>
    [
        .. from arm in data.Arms
           let run = arm.Runs.FirstOrDefault()
           where run is not null
           from image in data.Stage(run, "evaluation")?.Images ?? []
           where image.Name.StartsWith(MetricNames.Neighbours, StringComparison.Ordinal)
           select new EvaluationReliabilitySheet(arm.Css, Parts.Arm(arm), data.Sheets.Picture(image, $"{arm.Name}, {image.Name}"), $"Seed {run.Seed}. {image.Caption}"),
    ];

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}

/// <summary>How far the numbers can be trusted: what chance alone gives, what a blind judge would miss, and what is merely copied.</summary>
/// <param name="Notes">Sentences, one for each question that was measured.</param>
/// <param name="Runs">How many runs have a value with an interval.</param>
internal sealed record EvaluationReliabilityModel(
    IReadOnlyList<Html> Notes,
    int Runs,
    Html Seeds,
    Html Legend,
    IReadOnlyList<Html> Ladders,
    IReadOnlyList<EvaluationReliabilitySheet> Sheets,
    Html Sql);

/// <summary>Samples of an arm, each beside the training images nearest to it.</summary>
internal sealed record EvaluationReliabilitySheet(string Css, Html Arm, Html Image, string Caption);

/// <summary>FID of images that are spoilt more and more, in the order of the levels.</summary>
/// <param name="Corruption">noise or blur.</param>
internal sealed record RecordedCorruptionSweep(string Corruption, IReadOnlyList<(double Level, double? Value)> Rungs)
{
    private const string Prefix = MetricNames.Ladder + ".";

    /// <summary>Whether every level is worse than the one before.</summary>
    public bool IsMonotone => Rungs.Zip(Rungs.Skip(1)).All(pair => pair.First.Value < pair.Second.Value);

    /// <summary>The ladders among measurements `ladder.CORRUPTION.LEVEL`.</summary>
    public static IReadOnlyList<RecordedCorruptionSweep> All(IEnumerable<Measurement> measurements) =>
    [
        .. from measurement in measurements
           where measurement.Metric.StartsWith(Prefix, StringComparison.Ordinal)
           let parts = measurement.Metric[Prefix.Length..].Split('.', 2)
           where parts.Length == 2
           let level = double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : (double?)null
           where level is not null
           group (level.Value, measurement.Value) by parts[0] into rungs
           select new RecordedCorruptionSweep(rungs.Key, [.. rungs.OrderBy(rung => rung.Item1)]),
    ];
}
