using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// Mean and variance of the gradient of one sample's loss, M = ‖u_θ - τ‖² / d (docs/method.md §5 and §6). At a point the gradient is
/// 2/d Kᵀ(u_θ - τ) with K = ∂u_θ/∂θ, so its square is a quadratic form in the error, and d reverse passes are enough for all draws of v̂.
/// </summary>
public sealed class GradientMeasure(TrainedMeanFlow trained, RandomSource random, long draws)
{
    private readonly Moments _sampled = new();
    private readonly Moments _predicted = new();
    private readonly Moments _oracle = new();
    private readonly Moments _sampledBias = new();
    private readonly Moments _predictedBias = new();
    private readonly Moments _fullBias = new();
    private double _sampledNoise;
    private double _predictedNoise;
    private double _fullNoise;
    private long _count;

    /// <summary>Adds a batch of points, with a dispose scope for each point.</summary>
    public void Add(OraclePoints points, TargetErrors errors, long step)
    {
        using var weights = trained.Weights.Clone(trained.Network.Declare());
        weights.Train();
        var noise = errors.Posterior.Draw(random, "gradient draw", step, draws) - errors.Velocity.unsqueeze(1);
        for (var i = 0; i < points.Z.shape[0]; i++)
        {
            using var scope = NewDisposeScope();
            var scale = 2.0 / trained.Mixture.Dimension;
            var jacobian = scale * Jacobian(weights, points.Z[i], points.R[i], points.T[i]);
            using var quiet = no_grad();
            var square = jacobian.matmul(jacobian.t());
            var (mean, residual, n) = (errors.Mean[i], errors.Residual[i], errors.N[i]);
            var drawn = -noise[i].matmul(n.t());

            var noiseSquare = Mean((drawn.matmul(square) * drawn).sum(-1));
            var expected = Mean((square * n.matmul(errors.Covariance[i]).matmul(n.t())).sum());
            _sampledNoise += noiseSquare;
            _predictedNoise += expected;
            _fullNoise += Mean((square * errors.J[i].matmul(errors.Covariance[i]).matmul(errors.J[i].t())).sum());
            Tensor Gradient(Tensor error) => error.matmul(jacobian);
            var around = drawn + mean;
            _sampled.Add(Gradient(around.mean([0])), Mean((around.matmul(square) * around).sum(-1)));
            _predicted.Add(Gradient(mean), Mean((mean.matmul(square) * mean).sum()) + expected);
            _oracle.Add(Gradient(residual));
            _sampledBias.Add(Gradient(around.mean([0]) - residual));
            _predictedBias.Add(Gradient(mean - residual));
            _fullBias.Add(Gradient(errors.FullBias[i]));
            _count++;
        }
    }

    /// <summary>The measurements of all points so far.</summary>
    public IEnumerable<OracleValue> Values()
    {
        OracleValue Value(string name, double value) => new(name, value, _count);
        yield return Value(OracleMetric.GradientVariance, _sampled.Variance);
        yield return Value(OracleMetric.GradientVariance + OracleMetric.Predicted, _predicted.Variance);
        yield return Value(OracleMetric.GradientNoise, _sampledNoise / _count);
        yield return Value(OracleMetric.GradientNoise + OracleMetric.Predicted, _predictedNoise / _count);
        yield return Value(OracleMetric.GradientBias, Math.Sqrt(_sampledBias.SquaredMean));
        yield return Value(OracleMetric.GradientBias + OracleMetric.Predicted, Math.Sqrt(_predictedBias.SquaredMean));
        yield return Value(OracleMetric.GradientOracle, Math.Sqrt(_oracle.SquaredMean));
        var batchNoise = _fullNoise / _count / trained.TrainingBatch;
        yield return Value(OracleMetric.GradientLambda, batchNoise / (_fullBias.SquaredMean + batchNoise));
    }

    // ∂u_θ/∂θ [d, parameters] at one point.
    private Tensor Jacobian(Networks.Weights weights, Tensor z, Tensor r, Tensor t)
    {
        var point = z.unsqueeze(0);
        var u = trained.Network.AverageVelocity(
            weights, Linearisation.Latent(point), r.unsqueeze(0), t.unsqueeze(0), Linearisation.Labels(point)).flatten();
        var rows = new List<Tensor>();
        for (var i = 0; i < u.shape[0]; i++)
        {
            weights.Gradient!.zero_();
            u[i].backward(retain_graph: true);
            rows.Add(weights.Gradient.clone());
        }
        return stack(rows);
    }

    private static double Mean(Tensor values) => values.mean().item<double>();
}

/// <summary>Mean and variance of a random vector from independent points with known conditional means.</summary>
internal sealed class Moments
{
    private Tensor? _sum;
    private double _meanSquares;
    private double _squares;
    private long _count;

    /// <summary>‖E g‖², without bias: the contribution of the squares of single points to the square of the sum is subtracted.</summary>
    public double SquaredMean => Math.Max(0, (_sum!.square().sum().item<double>() - _meanSquares) / (_count * (_count - 1)));

    /// <summary>E‖g‖² - ‖E g‖².</summary>
    public double Variance => (_squares / _count) - SquaredMean;

    /// <param name="mean">E[g | point].</param>
    /// <param name="square">E[‖g‖² | point]; null: the point determines g.</param>
    public void Add(Tensor mean, double? square = null)
    {
        var own = mean.square().sum().item<double>();
        _meanSquares += own;
        _squares += square ?? own;
        _count++;
        _sum ??= zeros_like(mean).DetachFromDisposeScope();
        _sum.add_(mean);
    }
}
