using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>‖v(z_t, t, y) - v̂‖² (docs/method.md §2): trains the teacher.</summary>
public sealed class FlowMatchingObjective(FlowMatchingOptions options, DitNetwork network, LatentBatches batches) : IObjective
{
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(batches.Shape), batches.Random);

    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        var (x, y) = batches.Draw(step, options.LabelDropout);
        var noise = batches.Noise(step, batches.BatchSize);
        var t = _times.One(step, batches.BatchSize);
        var v = network.Velocity(weights, LinearPath.At(x, noise, t), t, y);
        return new((v - LinearPath.Velocity(x, noise)).square().mean());
    }
}
