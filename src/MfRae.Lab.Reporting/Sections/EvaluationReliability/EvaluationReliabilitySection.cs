using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.EvaluationReliability;

/// <summary>What the evaluation measured about its own reliability.</summary>
internal sealed class EvaluationReliabilitySection : ISection
{
    private const int Digits = 3;

    public string Name => "EvaluationReliability";

    public string Title => "Reliability of the evaluation";

    public bool Has(ReportData data) => Seeds(data).Rows.Any(row => row.Dots.Count > 0) || Sweeps(data).Count > 0 || Sheets(data).Count > 0
        || Components(data) is not null;

    public object Model(ReportData data)
    {
        var sweeps = Sweeps(data);
        var seeds = Seeds(data);
        double[] widths = [.. seeds.Rows.Select(row => (row.Interval!.Value.High - row.Interval.Value.Low) / 2).Order()];
        return new
        {
            Floor = Evaluated(data).FirstOrDefault(value => value.Metric == MetricNames.Floor) is { Value: { } floor } measured
                ? new { Samples = Numbers.Count(measured.Samples), Fid = Numbers.Significant(floor, Digits) }
                : null,
            Sweeps = sweeps.Select(sweep => new
            {
                Name = Capital(sweep.Corruption),
                Levels = Numbers.Count(sweep.Levels.Count),
                sweep.IsMonotone,
                Chart = Chart(sweep),
            }).ToArray(),
            Memorised = Evaluated(data).Where(value => value.Metric == MetricNames.MemorisedShare)
                .Select(value => new
                {
                    Steps = Numbers.Plural(value.Steps, "step"),
                    Percent = Percent(value),
                    Ratio = Ratio(Evaluated(data), MetricNames.MemorisationRatio, value.Steps),
                }).ToArray(),
            Control = Reconstructed(data).FirstOrDefault(value => value.Metric == MetricNames.Reconstructed(MetricNames.MemorisedShare)) is { } control
                ? new
                {
                    Percent = Percent(control),
                    Ratio = Ratio(Reconstructed(data), MetricNames.Reconstructed(MetricNames.MemorisationRatio), 0),
                }
                : null,
            Components = Components(data),
            Metric = MetricName.OfKey(data.Primary.Metric),
            SamplingError = widths.Length == 0 ? null : Numbers.Significant(Bootstrap.Quantile(widths, 0.5), 2),
            Runs = Numbers.Plural(widths.Length, "run"),
            Seeds = seeds.Draw(),
            Sheets = Sheets(data),
            Sql = data.Sql.EvaluationReliability,
        };
    }

    private static string Percent(Measurement share) => Numbers.Fixed(100 * share.Value!.Value, 1);

    private static string? Ratio(IEnumerable<Measurement> values, string metric, int steps) =>
        values.FirstOrDefault(value => value.Metric == metric && value.Steps == steps) is { Value: { } ratio } ? Numbers.Fixed(ratio, 2) : null;

    /// <summary>The variance of the primary metric between runs and between sets of samples; null with one set.</summary>
    private static object? Components(ReportData data)
    {
        var arms = data.Arms.Select(arm => arm.Runs
            .Select(run => RunMeasurement.Of(run, data.Stages).GetValueOrDefault(data.Primary.Metric))
            .OfType<RunMeasurement>()
            .DistinctBy(measured => measured.Stage)
            .Select(measured => (IReadOnlyList<double>)[.. measured.Sets.Select(set => set.Value).OfType<double>()])
            .ToArray());
        return VarianceComponents.Of(arms) is { } found
            ? new
            {
                Runs = Numbers.Plural(found.Runs, "run"),
                Between = Numbers.Significant(found.BetweenDeviation, 2),
                Within = Numbers.Significant(found.WithinDeviation, 2),
            }
            : null;
    }

    private static IEnumerable<Measurement> Reconstructed(ReportData data) => data.Role("reconstruction").Take(1)
        .SelectMany(group => group.Stage.Measurements)
        .Where(value => value.Value is not null);

    // The first arm's evaluation: the floor is the same for all arms, and the table of results has the memorisation of every arm.
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

    private static IReadOnlyList<RecordedCorruptionSweep> Sweeps(ReportData data) =>
        RecordedCorruptionSweep.All(data.Role("ladder").Take(1).SelectMany(group => group.Stage.Measurements));

    private static Html Chart(RecordedCorruptionSweep sweep) => new LineChart(
        Capital(sweep.Corruption),
        sweep.Corruption == "blur" ? "σ of the blur in pixels" : "σ of the noise in grey values",
        // The line belongs to no arm, so it has no arm's colour, and stays visible when arms are hidden.
        [new Line(sweep.Corruption, "evaluation", [.. sweep.Levels.Select(level => new CurvePoint(
            level.Level, level.Value, level.Value ?? double.NaN, level.Value ?? double.NaN))])],
        Log: false).Draw();

    private static IReadOnlyList<EvaluationReliabilitySheet> Sheets(ReportData data) =>
    [
        .. from arm in data.Arms
           let run = arm.Runs.FirstOrDefault()
           where run is not null
           from image in data.Stage(run, "evaluation")?.Images ?? []
           where image.Name.StartsWith(MetricNames.Neighbours, StringComparison.Ordinal)
           select new EvaluationReliabilitySheet(arm, data.Sheets.Picture(image, $"{arm.Name}, {image.Name}"), $"Seed {run.Seed}. {image.Caption}"),
    ];

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}

/// <summary>Samples of an arm, each followed by its nearest training images.</summary>
internal sealed record EvaluationReliabilitySheet(ArmView Arm, Picture Image, string Caption);

/// <summary>FID of images that are corrupted more and more.</summary>
/// <param name="Corruption">noise or blur.</param>
/// <param name="Levels">By ascending level.</param>
internal sealed record RecordedCorruptionSweep(string Corruption, IReadOnlyList<(double Level, double? Value)> Levels)
{
    private const string Prefix = MetricNames.Ladder + ".";

    /// <summary>Whether FID increases at every level.</summary>
    public bool IsMonotone => Levels.Zip(Levels.Skip(1)).All(pair => pair.First.Value < pair.Second.Value);

    /// <summary>The sweeps among measurements `ladder.CORRUPTION.LEVEL`.</summary>
    public static IReadOnlyList<RecordedCorruptionSweep> All(IEnumerable<Measurement> measurements) =>
    [
        .. from measurement in measurements
           where measurement.Metric.StartsWith(Prefix, StringComparison.Ordinal)
           let parts = measurement.Metric[Prefix.Length..].Split('.', 2)
           where parts.Length == 2
           let level = double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : (double?)null
           where level is not null
           group (level.Value, measurement.Value) by parts[0] into levels
           select new RecordedCorruptionSweep(levels.Key, [.. levels.OrderBy(one => one.Item1)]),
    ];
}
