using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Divergence;

/// <summary>How often and when the arms diverge, for experiments that define divergence by a limit of the gradient norm.</summary>
internal sealed class DivergenceSection : ISection
{
    public string Name => "Divergence";

    public string Title => "Divergence of the training";

    public bool Has(ReportData data) => data.Arms.Any(arm => ArmDivergence.Limit(arm) is not null);

    public object Model(ReportData data)
    {
        var arms = data.Arms.Select(arm => ArmDivergence.Of(data, arm)).ToArray();
        return new
        {
            Rules = data.Arms.Select(ArmDivergence.Limit).OfType<string>().Distinct().ToArray(),
            Chart = new LineChart("Share of the seeds that have not diverged", "step", [.. arms.Select(arm => arm.Survival)], Log: false).Draw(),
            Legend = arms.Select(arm => new LegendKey(arm.Arm.Css, arm.Arm.Name)),
            Rows = arms.Select(arm => arm.Row).ToArray(),
            Trends = Trends(data, arms).ToArray(),
            Pairs = Pairs(data, arms).ToArray(),
            Sql = data.Sql.Runs,
        };
    }

    /// <summary>The exact trend along each axis whose levels are numbers, over the seeds that ended at every place of the grid.</summary>
    private static IEnumerable<DivergenceTest> Trends(ReportData data, IReadOnlyList<ArmDivergence> arms)
    {
        var grid = arms.Where(arm => arm.Arm.Record.Levels is not null).ToArray();
        // The seeds that ended in every arm of the grid.
        long[] seeds = [.. data.Record.Seeds.Where(seed => grid.All(arm => arm.Ended(seed)))];
        foreach (var axis in grid.SelectMany(arm => arm.Arm.Record.Levels!.Keys).Distinct())
        {
            var levels = grid.Select(arm => arm.Arm.Record.Levels!.GetValueOrDefault(axis)).Distinct()
                .Select(text => (Text: text, Value: double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : (double?)null))
                .OrderBy(level => level.Value).ToArray();
            if (levels.Length is < 2 or > DivergenceTests.MostLevels || levels.Any(level => level.Value is null) || seeds.Length == 0)
            {
                continue;
            }

            int Count(long seed, string? level) => grid.Count(arm => arm.Arm.Record.Levels!.GetValueOrDefault(axis) == level && arm.Diverged(seed));
            int[][] counts = [.. seeds.Select(seed => levels.Select(level => Count(seed, level.Text)).ToArray())];
            var runs = grid.Length / levels.Length * seeds.Length;
            yield return new(
                axis,
                string.Join(", ", levels.Select((level, at) => $"{level.Text}: {counts.Sum(seed => seed[at])} of {runs}")),
                ComparisonText.P(DivergenceTests.Trend(counts)));
        }
    }

    /// <summary>McNemar's test of each declared contrast of two arms.</summary>
    private static IEnumerable<DivergenceTest> Pairs(ReportData data, IReadOnlyList<ArmDivergence> arms)
    {
        foreach (var contrast in (data.Record.Contrasts ?? []).Where(contrast => contrast.IsOfTwoArms()))
        {
            var first = arms.FirstOrDefault(arm => arm.Arm.Name == contrast.Weights.First(weight => weight.Value > 0).Key);
            var second = arms.FirstOrDefault(arm => arm.Arm.Name == contrast.Weights.First(weight => weight.Value < 0).Key);
            if (first is null || second is null)
            {
                continue;
            }

            var seeds = data.Record.Seeds.Where(seed => first.Ended(seed) && second.Ended(seed)).ToArray();
            var (one, other) = (seeds.Count(seed => first.Diverged(seed) && !second.Diverged(seed)), seeds.Count(seed => !first.Diverged(seed) && second.Diverged(seed)));
            yield return new(
                contrast.Title ?? contrast.Name,
                $"{first.Arm.Name}: {seeds.Count(first.Diverged)} of {seeds.Length}; {second.Arm.Name}: {seeds.Count(second.Diverged)} of {seeds.Length}; "
                    + $"only the first in {Numbers.Plural(one, "seed")}, only the second in {other}",
                ComparisonText.P(DivergenceTests.McNemar(one, other)));
        }
    }
}

/// <summary>A test of frequencies.</summary>
/// <param name="Name">An axis or a contrast.</param>
/// <param name="P">Two-sided.</param>
internal sealed record DivergenceTest(string Name, string Counts, string P);

/// <summary>An arm in the table.</summary>
/// <param name="Steps">The steps at which runs diverged, in ascending order.</param>
/// <param name="Largest">The largest reported norm of the gradient of the unweighted loss.</param>
internal sealed record DivergenceRow(ArmView Arm, string Diverged, string Steps, string Largest);

/// <summary>The ends of an arm's runs, pilots excluded.</summary>
internal sealed record ArmDivergence(ArmView Arm, IReadOnlyDictionary<long, RunEnd> Ends)
{
    private const string Norm = "gradientNorm.unweighted";

    /// <summary>The share of the seeds that have not diverged, over the steps.</summary>
    public Line Survival
    {
        get
        {
            var points = new List<CurvePoint>();
            if (Ends.Count > 0)
            {
                var left = 1.0;
                points.Add(Point(0, left));
                foreach (var step in Steps)
                {
                    points.Add(Point(step, left));
                    left -= 1.0 / Ends.Count;
                    points.Add(Point(step, left));
                }

                points.Add(Point(Math.Max(Ends.Values.Max(end => end.LastStep), points[^1].Step), left));
            }

            return new(Arm.Name, Arm.Css, points);
        }
    }

    public DivergenceRow Row => new(
        Arm,
        $"{Steps.Count()} of {Ends.Count}",
        string.Join(", ", Steps.Select(step => Numbers.Count(step))),
        Numbers.Significant(Ends.Values.Select(end => end.LargestNorm).Max(), 3));

    private IEnumerable<long> Steps => Ends.Values.Select(end => end.DivergedAt).OfType<long>().Order();

    /// <summary>The rule by which a training of the arm diverges; null if the arm declares no limit.</summary>
    public static string? Limit(ArmView arm)
    {
        var training = StoredJson.Find(StoredJson.Parse(arm.Record.OptionsJson), "meanflow", "training");
        return StoredJson.Number(StoredJson.Find(training, "gradientNormLimit")) is > 0 and var limit
            ? $"the gradient norm of the unweighted loss is above {Numbers.Plain(limit)} for "
                + $"{Numbers.Plural((long)(StoredJson.Number(StoredJson.Find(training, "gradientNormSteps")) ?? 1), "step")} in a row"
            : null;
    }

    public static ArmDivergence Of(ReportData data, ArmView arm) => new(arm, arm.Runs
        .Where(run => !run.Pilot && run.Status is AttemptStatus.Completed or AttemptStatus.Diverged)
        .ToDictionary(run => run.Seed, run => End(data, run)));

    public bool Ended(long seed) => Ends.ContainsKey(seed);

    public bool Diverged(long seed) => Ends.TryGetValue(seed, out var end) && end.DivergedAt is not null;

    private static RunEnd End(ReportData data, RunRecord run)
    {
        var lost = run.Stages.Values.Select(key => data.Stages.GetValueOrDefault(key)).OfType<StageRecord>()
            .FirstOrDefault(stage => stage.Status == AttemptStatus.Diverged);
        var stage = lost ?? data.Stage(run, "meanflow");
        var series = lost?.Attempts.LastOrDefault(attempt => attempt.Trace is not null)?.Trace!.Series ?? stage?.Series ?? [];
        var buckets = series.SelectMany(one => one.Buckets).ToArray();
        var last = buckets.Length == 0 ? 0 : buckets.Max(bucket => bucket.LastStep);
        var norms = series.Where(one => one.Name == Norm).SelectMany(one => one.Buckets).Where(bucket => bucket.Finite > 0).ToArray();
        return new(run.Status == AttemptStatus.Diverged ? last : null, last, norms.Length == 0 ? null : norms.Max(bucket => bucket.High));
    }

    private static CurvePoint Point(double step, double value) => new(step, value, value, value);
}

/// <summary>The end of a run.</summary>
/// <param name="DivergedAt">The last step that was reported before the divergence; null for a completed run.</param>
internal sealed record RunEnd(long? DivergedAt, long LastStep, double? LargestNorm);
