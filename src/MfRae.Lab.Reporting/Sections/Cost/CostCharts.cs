using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>Quality against one cost after the other, each with its front in the drawing and in words.</summary>
internal sealed class CostCharts(ReportData data, PrimaryQuality quality)
{
    // Costs nearer to each other than this are one cost and rounding.
    private const double Same = 1e-9;

    // The teacher in one step is far from its best: beyond this ratio a linear axis would leave the arms a corner.
    private const double LogRatio = 2;

    /// <summary>Every arm at every number of steps.</summary>
    public IReadOnlyList<CostPoint> Drawn { get; } =
    [
        .. from key in quality.Keys
           let comparison = data.Compare(key)
           where comparison.Conflict is null
           from arm in data.Arms
           let sample = arm.Of(comparison)
           let cost = ImageCosts.Of(data, arm, quality.Steps[key])
           where cost is not null && sample.Values.Count > 0
           select new CostPoint(arm, key, cost.Total, sample.Summary.Mean, cost.Text + Lost(sample)),
    ];

    /// <summary>Every arm by the primary metric.</summary>
    public IReadOnlyList<CostPoint> Trained(CostAxis axis) => data.Primary.Conflict is not null ? [] :
    [
        .. from arm in data.Arms
           let sample = arm.Of(data.Primary)
           let cost = axis.Mean(arm)
           where cost is not null && sample.Values.Count > 0
           select new CostPoint(
               arm, data.Primary.Metric, cost.Value, sample.Summary.Mean, $"{axis.Format(cost.Value)} {axis.Name}{Lost(sample)}"),
    ];

    /// <summary>Against GFLOPs an image, the teacher beside the arms; nothing where all cost the same.</summary>
    public Html OfSampling()
    {
        ScatterPoint[] teacher = [.. Teacher()];
        if (Drawn.Count == 0 || AllEqual([.. Drawn.Select(point => point.Cost), .. teacher.Select(point => point.X)]))
        {
            return Html.Empty;
        }

        ScatterPoint[] points = [.. teacher, .. Drawn.Select(point => Mark(point, Shape(point)))];
        var low = points.Min(point => point.Y);
        var chart = new ScatterChart(
            $"{quality.Label} against the cost per image", "GFLOPs per image (generator + decoder)", points, [])
        {
            Front = Front(Drawn),
            Log = low > 0 && points.Max(point => point.Y) / low > LogRatio,
        };
        return Html.Of($"<div>{chart.Draw()}{Sentence(Drawn)}</div>");
    }

    /// <summary>Against a cost of training; nothing where it is the same in all arms.</summary>
    public Html OfTraining(CostAxis axis)
    {
        var points = Trained(axis);
        if (AllEqual([.. points.Select(point => point.Cost)]))
        {
            return Html.Empty;
        }

        var chart = new ScatterChart(
            $"{MetricName.OfKey(data.Primary.Metric)} against {axis.Name}", axis.Name, [.. points.Select(point => Mark(point, 0))], Rules())
        {
            Seeds = [.. points.SelectMany(point => Seeds(point.Arm, axis))],
            Front = Front(points),
        };
        var figure = Html.Of($"{chart.Draw()}{Sentence(points)}");
        return axis.Timing ? Html.Of($"<div data-timing>{figure}</div>") : Html.Of($"<div>{figure}</div>");
    }

    public static bool AllEqual(IReadOnlyCollection<double> costs) =>
        costs.Count < 2 || costs.Max() - costs.Min() <= Same * Math.Abs(costs.Max());

    /// <summary>Place of a point's number of steps.</summary>
    private int Shape(CostPoint point) => quality.Keys.ToList().IndexOf(point.Key);

    private ScatterPoint[] Front(IReadOnlyList<CostPoint> points) => [.. quality.Front(points).Select(point => Mark(point, 0))];

    private Html Sentence(IReadOnlyList<CostPoint> points)
    {
        if (quality.Obstacle is { } obstacle)
        {
            return Text($"There is no Pareto front: {obstacle}.");
        }

        var front = quality.Front(points);
        var members = string.Join("; ", front.Select(point => point.Tip));
        return Text($"On the Pareto front: {members}. " + (points.Count - front.Count) switch
        {
            0 => "Every point is on the front: each better value costs more.",
            1 => "For the other point there is one that costs no more and does at least as well.",
            var others => $"For each of the other {Numbers.Count(others)} there is a point that costs no more and does at least as well.",
        });
    }

    private static Html Text(string sentence) => Html.Of($"<p class=\"quiet small\">{sentence}</p>");

    private static ScatterPoint Mark(CostPoint point, int shape) => new(point.Cost, point.Quality, point.Arm.Css, shape, point.Tip);

    private IEnumerable<ScatterPoint> Seeds(ArmView arm, CostAxis axis)
    {
        var sample = arm.Of(data.Primary);
        return sample.Values.Count < 2 ? [] :
            from run in arm.Runs
            let seed = sample.Finite.FirstOrDefault(seed => seed.Seed == run.Seed)
            let cost = axis.Of(run)
            where seed is not null && cost is not null
            select new ScatterPoint(
                cost.Value, seed.Measurement.Value!.Value, arm.Css, 0,
                $"{arm.Name}, seed {run.Seed}: {Numbers.Significant(seed.Measurement.Value)} for {axis.Format(cost.Value)} {axis.Name}");
    }

    /// <summary>The teacher has the quality the arms aim at, at a training cost that is not theirs.</summary>
    private IReadOnlyList<ReferenceLine> Rules() => Measured(data.Primary) is { } arm ? TeacherLines.Of(data, arm) : [];

    private IEnumerable<ScatterPoint> Teacher()
    {
        var arm = quality.Keys.Select(key => Measured(data.Compare(key))).FirstOrDefault(found => found is not null);
        return arm is null ? [] :
            from value in TeacherLines.Values(data, arm)
            let cost = data.Role("teacherSampling").Where(data.Shared)
                .Select(one => ImageCosts.Of(one.Stage, value.Steps))
                .FirstOrDefault(found => found is not null)
            where cost is not null
            let name = $"teacher, {Numbers.Plural(value.Steps, "step")}"
            select new ScatterPoint(
                cost.Total, value.Value!.Value, "all", -1, $"{name}: {Numbers.Significant(value.Value)} for {cost.Text}", name);
    }

    private static Measurement? Measured(ExperimentComparison comparison) =>
        comparison.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();

    private static string Lost(ArmSample sample) => sample.Lost > 0 ? $", n {sample.Values.Count} of {sample.Planned}" : "";
}

/// <summary>What an arm paid and what it got, in means over seeds.</summary>
/// <param name="Key">The metric with its number of steps.</param>
/// <param name="Price">The cost with its unit.</param>
internal sealed record CostPoint(ArmView Arm, string Key, double Cost, double Quality, string Price)
{
    /// <summary>`λ=1, fid@1: 9.88 for 0.263 GFLOPs`.</summary>
    public string Tip => $"{Arm.Name}, {Key}: {Numbers.Significant(Quality)} for {Price}";
}

/// <summary>One way to count what the training of a run cost.</summary>
/// <param name="Name">With its unit: `training steps`.</param>
/// <param name="Of">Null where it is not known.</param>
/// <param name="Timing">Whether it depends on how the work went.</param>
internal sealed record CostAxis(string Name, Func<RunRecord, double?> Of, Func<double, string> Format, bool Timing)
{
    /// <summary>Over the runs of which it is known; null where that is none.</summary>
    public double? Mean(ArmView arm) => arm.Runs.Select(Of).OfType<double>().ToArray() is { Length: > 0 } known ? known.Average() : null;
}
