using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// The vectors have a derivative for r = t too, where an estimator spares it. Here the network sees the given r whatever the
/// estimator is told, so that it can be told r &lt; t.
/// </summary>
internal sealed class GivenTimes(GeneratorNetwork network, Weights weights, Tensor r, Tensor y) : IAverageVelocity
{
    public Tensor At(Tensor z, Tensor r0, Tensor t, int[] probes) => network.AverageVelocity(
        weights, z, r.repeat(probes.Length), t, y.repeat(probes.Length));

    public Dual At(Dual z, Dual r0, Dual t) => network.AverageVelocity(weights, z, r, t, y);

    public IAverageVelocity Rows(Tensor rows) =>
        new GivenTimes(network, weights, r.index_select(0, rows), y.index_select(0, rows));
}
