using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>Charts of quality against one cost each, with the Pareto front drawn and described.</summary>
internal sealed class CostCharts(ReportData data, PrimaryQuality quality)
{
    // Costs that differ by less than this, relative to their size, differ by rounding only.
    private const double Same = 1e-9;

    // The teacher in one step is far from its best. Beyond this ratio a linear axis would squeeze the arms into a corner.
    private const double LogRatio = 2;

    /// <summary>Cost per image and quality, for every arm at every number of steps.</summary>
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

    /// <summary>Training cost and primary metric, for every arm.</summary>
    public IReadOnlyList<CostPoint> Trained(CostAxis axis) => data.Primary.Conflict is not null ? [] :
    [
        .. from arm in data.Arms
           let sample = arm.Of(data.Primary)
           let cost = axis.Mean(arm)
           where cost is not null && sample.Values.Count > 0
           select new CostPoint(
               arm, data.Primary.Metric, cost.Value, sample.Summary.Mean, $"{axis.Format(cost.Value)} {axis.Name}{Lost(sample)}"),
    ];

    /// <summary>Quality against GFLOPs per image, of the arms and the teacher; null if all cost the same.</summary>
    public CostChart? OfSampling()
    {
        ScatterPoint[] teacher = [.. Teacher()];
        if (Drawn.Count == 0 || AllEqual([.. Drawn.Select(point => point.Cost), .. teacher.Select(point => point.X)]))
        {
            return null;
        }

        ScatterPoint[] points = [.. teacher, .. Drawn.Select(point => Mark(point, Shape(point)))];
        var low = points.Min(point => point.Y);
        var chart = new ScatterChart(
            $"{quality.Label} against the cost per image", "GFLOPs per image (generator + decoder)", points, [])
        {
            Front = Front(Drawn),
            Log = low > 0 && points.Max(point => point.Y) / low > LogRatio,
        };
        return new(chart.Draw(), Sentence(Drawn), Timing: false);
    }

    /// <summary>Quality against a cost of training; null if all arms cost the same.</summary>
    public CostChart? OfTraining(CostAxis axis)
    {
        var points = Trained(axis);
        if (AllEqual([.. points.Select(point => point.Cost)]))
        {
            return null;
        }

        var chart = new ScatterChart(
            $"{MetricName.OfKey(data.Primary.Metric)} against {axis.Name}", axis.Name, [.. points.Select(point => Mark(point, 0))], Rules())
        {
            Seeds = [.. points.SelectMany(point => Seeds(point.Arm, axis))],
            Front = Front(points),
        };
        return new(chart.Draw(), Sentence(points), axis.Timing);
    }

    public static bool AllEqual(IReadOnlyCollection<double> costs) =>
        costs.Count < 2 || costs.Max() - costs.Min() <= Same * Math.Abs(costs.Max());

    /// <summary>The index of a point's number of steps.</summary>
    private int Shape(CostPoint point) => quality.Keys.ToList().IndexOf(point.Key);

    private ScatterPoint[] Front(IReadOnlyList<CostPoint> points) => [.. quality.Front(points).Select(point => Mark(point, 0))];

    private string Sentence(IReadOnlyList<CostPoint> points)
    {
        if (quality.Obstacle is { } obstacle)
        {
            return $"No Pareto front: {obstacle}.";
        }

        var front = quality.Front(points);
        var members = string.Join("; ", front.Select(point => point.Tip));
        return $"On the Pareto front: {members}. " + (points.Count - front.Count) switch
        {
            0 => "Every point is on the front: each better value costs more.",
            1 => "For the other point there is one on the front that costs no more and does at least as well.",
            var others => $"For each of the other {Numbers.Count(others)} points there is one on the front that costs no more and does at least as well.",
        };
    }

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

    /// <summary>The teacher's quality as lines, without a cost: the arms do not pay for its training.</summary>
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

/// <summary>A chart of quality against a cost.</summary>
/// <param name="Sentence">Names the members of the Pareto front.</param>
/// <param name="Timing">Whether the cost depends on how the work ran, and so differs between repetitions.</param>
internal sealed record CostChart(Html Chart, string Sentence, bool Timing);

/// <summary>Cost and quality of an arm, as means over seeds.</summary>
/// <param name="Key">The metric with its number of steps.</param>
/// <param name="Price">The cost with its unit.</param>
internal sealed record CostPoint(ArmView Arm, string Key, double Cost, double Quality, string Price)
{
    /// <summary>`λ=1, fid@1: 9.88 for 0.263 GFLOPs`.</summary>
    public string Tip => $"{Arm.Name}, {Key}: {Numbers.Significant(Quality)} for {Price}";
}

/// <summary>One kind of training cost.</summary>
/// <param name="Name">With its unit: `training steps`.</param>
/// <param name="Of">The cost of a run; null if it is unknown.</param>
/// <param name="Timing">Whether the cost depends on how the work ran, and so differs between repetitions.</param>
internal sealed record CostAxis(string Name, Func<RunRecord, double?> Of, Func<double, string> Format, bool Timing)
{
    /// <summary>The mean over the runs with a known cost; null without such a run.</summary>
    public double? Mean(ArmView arm) => arm.Runs.Select(Of).OfType<double>().ToArray() is { Length: > 0 } known ? known.Average() : null;
}
