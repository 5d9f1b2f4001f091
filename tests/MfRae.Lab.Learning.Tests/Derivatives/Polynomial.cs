using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>u = z t² + r, whose derivative along (w, 0, 1) is w t² + 2 z t; it notes the times at which probes ask for it.</summary>
internal sealed class Polynomial : IAverageVelocity
{
    public List<double> ProbedTimes { get; } = [];

    public static double Derivative(double z, double w, double t) => (w * t * t) + (2 * z * t);

    public Tensor At(Tensor z, Tensor r, Tensor t, int[] probes)
    {
        foreach (var (part, probe) in t.chunk(probes.Length).Zip(probes))
        {
            if (probe > 0)
                ProbedTimes.AddRange(part.data<double>());
        }
        return At((Dual)z, r, t).Primal;
    }

    public Dual At(Dual z, Dual r, Dual t) => (z * (t * t).Map(LinearPath.BroadcastOverLatent)) + r.Map(LinearPath.BroadcastOverLatent);

    public IAverageVelocity Rows(Tensor rows) => this;
}
