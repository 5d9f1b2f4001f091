using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Proposition 3.1 with the J of the network (docs/method.md §5): E‖u_θ - τ‖², evaluated by the training objective, against bias plus
/// noise from the closed forms. The expectation over v̂ at each point is exact, by a cubature of its posterior. The loss at the single v̂
/// that made each point is measured too.
/// </summary>
public sealed class SplitMeasure(TrainedMeanFlow trained, ILatentSource source)
{
    private readonly MeanFlowObjective _objective = trained.Objective(source);
    private readonly List<double> _measured = [];
    private readonly List<double> _sampled = [];
    private readonly List<double> _bias = [];
    private readonly List<double> _noise = [];

    /// <summary>Adds a batch of points.</summary>
    public void Add(OraclePoints points, TargetErrors errors)
    {
        using var quiet = no_grad();
        var (nodes, weights) = errors.Posterior.Cubature();
        var count = nodes.shape[1];
        Tensor Each(Tensor all) => all.repeat_interleave(count, 0);
        var squares = Squares(OraclePoints.At(Each(points.Z), Each(points.R), Each(points.T), nodes.flatten(0, 1)));
        Append(_measured, (squares.view(-1, count) * weights).sum(1));
        Append(_sampled, Squares(OraclePoints.At(points.Z, points.R, points.T, points.Noise - points.X)));
        Append(_bias, errors.Mean.square().sum(1));
        Append(_noise, TargetErrors.Trace(TargetErrors.Propagate(errors.N, errors.Covariance)));
    }

    /// <summary>The measurements of all points so far.</summary>
    public IEnumerable<OracleValue> Values()
    {
        var count = _measured.Count;
        var (measured, bias, noise) = (_measured.Average(), _bias.Average(), _noise.Average());
        var predicted = bias + noise;
        yield return new(OracleMetric.Split, measured, count);
        yield return new(OracleMetric.Split + OracleMetric.Predicted, predicted, count);
        yield return new(OracleMetric.SplitBias, bias, count);
        yield return new(OracleMetric.SplitNoise, noise, count);
        yield return new(OracleMetric.SplitDiscrepancy, Math.Abs((measured / predicted) - 1), count);

        // The points are the same, so the difference comes from the draws of v̂ only: its standard deviation gives the interval.
        var differences = _sampled.Zip(_measured, (one, mean) => one - mean).ToArray();
        var half = 1.96 * Math.Sqrt(differences.Sum(difference => difference * difference) / count / count);
        var sampled = _sampled.Average();
        yield return new(OracleMetric.SplitSampled, sampled, count, Low: sampled - half, High: sampled + half);
    }

    private Tensor Squares(MeanFlowBatch batch) =>
        _objective.Regress(trained.Weights, batch, trained.LastStep).Difference.flatten(1).square().sum(1);

    private static void Append(List<double> values, Tensor more) => values.AddRange(more.data<double>().ToArray());
}

/// <summary>
/// The tail of the target noise ‖J(v̂ - v)‖² (docs/method.md §5): quantiles over points and draws of v̂, with the J of the network and
/// with that of the flow.
/// </summary>
public sealed class NoiseMeasure(IFlow flow, RandomSource random, long draws)
{
    private readonly List<double> _network = [];
    private readonly List<double> _flow = [];

    /// <summary>Adds a batch of points.</summary>
    public void Add(OraclePoints points, TargetErrors errors, long step)
    {
        using var quiet = no_grad();
        var noise = errors.Posterior.Draw(random, "noise draw", step, draws) - errors.Velocity.unsqueeze(1);
        Append(_network, noise.matmul(errors.J.transpose(1, 2)));
        Append(_flow, flow.Push(points.Z, points.R, points.T, noise));
    }

    /// <summary>Adds a batch of points in many dimensions. The draws of a point are made one after the other, and no matrix is formed.</summary>
    public void Add(OraclePoints points, DiagonalModes modes, TrainedMeanFlow trained, long step)
    {
        using var quiet = no_grad();
        for (long draw = 0; draw < draws; draw++)
        {
            using var scope = NewDisposeScope();
            var noise = modes.DrawNoise(points.Z, points.T, random, "noise draw", (step * draws) + draw);
            Append(_network, trained.Push(points.Z, points.R, points.T, noise));
            Append(_flow, flow.Push(points.Z, points.R, points.T, noise.unsqueeze(1)));
        }
    }

    /// <summary>The measurements of all points so far.</summary>
    public IEnumerable<OracleValue> Values() => Quantiles(OracleMetric.Noise, _network).Concat(Quantiles(OracleMetric.FlowNoise, _flow));

    private static IEnumerable<OracleValue> Quantiles(string name, List<double> values)
    {
        var sorted = values.Order().ToArray();
        return OracleMetric.Quantiles.Select(percent => new OracleValue(
            OracleMetric.Quantile(name, percent), sorted[(int)(percent / 100 * (sorted.Length - 1))], sorted.Length));
    }

    private static void Append(List<double> values, Tensor noise) =>
        values.AddRange(noise.square().sum(-1).flatten().data<double>().ToArray());
}
