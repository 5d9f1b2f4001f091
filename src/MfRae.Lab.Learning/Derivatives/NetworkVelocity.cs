using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>The average velocity of a mean-flow network.</summary>
/// <param name="labels">y int64 [B] as a probe sees them.</param>
public sealed class NetworkVelocity(DitNetwork network, Weights weights, Func<int, Tensor> labels) : IAverageVelocity
{
    /// <summary>With the same labels for all probes.</summary>
    public NetworkVelocity(DitNetwork network, Weights weights, Tensor y) : this(network, weights, _ => y)
    {
    }

    public Tensor At(Tensor z, Tensor r, Tensor t, int[] probes) => network.AverageVelocity(
        weights, z, r, t, probes.Length == 1 ? labels(probes[0]) : cat([.. probes.Select(labels)]));

    public Dual At(Dual z, Dual r, Dual t) => network.AverageVelocity(weights, z, r, t, labels(0));

    public IAverageVelocity Rows(Tensor rows) => new NetworkVelocity(network, weights, probe => labels(probe).index_select(0, rows));
}
