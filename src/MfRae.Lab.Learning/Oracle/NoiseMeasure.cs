using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The tail of the target noise ‖J(v̂ - v)‖² (docs/method.md §5): quantiles over points and draws of v̂, with the network's J and with
/// the flow's own.
/// </summary>
public sealed class NoiseMeasure(IFlow flow, RandomSource random, long draws)
{
    private readonly List<double> _network = [];
    private readonly List<double> _flow = [];

    public void Add(OraclePoints points, TargetErrors errors, long step)
    {
        using var quiet = no_grad();
        var noise = errors.Posterior.Draw(random, "noise draw", step, draws) - errors.Velocity.unsqueeze(1);
        Append(_network, errors.J, noise);
        Append(_flow, flow.Jacobian(points.Z, points.R, points.T), noise);
    }

    public IEnumerable<OracleValue> Values() => Quantiles(OracleMetric.Noise, _network).Concat(Quantiles(OracleMetric.FlowNoise, _flow));

    private static IEnumerable<OracleValue> Quantiles(string name, List<double> values)
    {
        var sorted = values.Order().ToArray();
        return OracleMetric.Quantiles.Select(percent => new OracleValue(
            OracleMetric.Quantile(name, percent), sorted[(int)(percent / 100 * (sorted.Length - 1))], sorted.Length));
    }

    private static void Append(List<double> values, Tensor jacobian, Tensor noise) =>
        values.AddRange(noise.matmul(jacobian.transpose(1, 2)).square().sum(-1).flatten().data<double>().ToArray());
}
