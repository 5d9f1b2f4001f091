using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The distances of a network from the exact mean flow and from its fixed point, and between these two (docs/method.md §6): root mean
/// square and median of the Euclidean distance. End points are those of the sampler that generates images. In many dimensions the teacher
/// is exact, so that the fixed point is the exact flow, and only the distance from that is measured.
/// </summary>
public sealed class DeviationMeasure(TrainedMeanFlow trained, IFlow flow, double tolerance)
{
    private readonly FixedPoint? _fixedPoint = trained.Distribution is DiagonalModes ? null : trained.FixedPoint(tolerance);
    private readonly OrderedDictionary<(string Name, int Steps), List<double>> _distances = [];

    /// <summary>Adds the distances of average velocities at random times.</summary>
    public void AddInterval(OraclePoints points)
    {
        using var quiet = no_grad();
        var (z, r, t) = (points.Z, points.R, points.T);
        var u = trained.Network.AverageVelocity(trained.Weights, Linearisation.Latent(z), r, t, Linearisation.Labels(z)).flatten(1);
        var exact = flow.AverageVelocity(z, r, t);
        Append(OracleMetric.Deviation + OracleMetric.Interval, 0, u - exact);
        if (_fixedPoint?.AverageVelocity(z, r, t) is not { } aim)
            return;
        Append(OracleMetric.FixedPoint + OracleMetric.Interval, 0, u - aim);
        Append(OracleMetric.Floor + OracleMetric.Interval, 0, aim - exact);
    }

    /// <summary>Adds the distances of end points: noise z [B, d] taken to data in each number of steps.</summary>
    public void AddEndPoints(Tensor z, IReadOnlyList<int> steps)
    {
        using var quiet = no_grad();
        var generator = FewStepGenerator.MeanFlow(
            (z, r, t, y) => trained.Network.AverageVelocity(trained.Weights, z, r, t, y), TimeShift.For(trained.Network.Shape));
        var (start, end) = (zeros(z.shape[0], dtype: float64), ones(z.shape[0], dtype: float64));
        var exact = z - flow.AverageVelocity(z, start, end);
        var aim = _fixedPoint is null ? null : z - _fixedPoint.AverageVelocity(z, start, end);
        foreach (var count in steps)
        {
            var reached = generator.Sample(Linearisation.Latent(z), Linearisation.Labels(z), count).flatten(1);
            Append(OracleMetric.Deviation, count, reached - exact);
            if (aim is not null)
                Append(OracleMetric.FixedPoint, count, reached - aim);
        }
        if (aim is not null)
            Append(OracleMetric.Floor, 1, aim - exact);
    }

    /// <summary>The measurements of all points so far.</summary>
    public IEnumerable<OracleValue> Values() => _distances.SelectMany(entry =>
    {
        var ((name, steps), distances) = entry;
        var sorted = distances.Order().ToArray();
        var rms = Math.Sqrt(sorted.Average(distance => distance * distance));
        return (OracleValue[])
        [
            new(name, rms, sorted.Length, steps), new(name + OracleMetric.Median, sorted[sorted.Length / 2], sorted.Length, steps),
        ];
    });

    private void Append(string name, int steps, Tensor difference)
    {
        if (!_distances.TryGetValue((name, steps), out var distances))
            _distances[(name, steps)] = distances = [];
        distances.AddRange(difference.norm(1).data<double>().ToArray());
    }
}
