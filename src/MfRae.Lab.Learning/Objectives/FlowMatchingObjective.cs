using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>‖v(z_t, t, y) - v̂‖² (docs/method.md §2): trains the teacher.</summary>
public sealed class FlowMatchingObjective(FlowMatchingOptions options, GeneratorNetwork network, ILatentSource source) : IObjective
{
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(options.Time, source.Shape), source.Random);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Divide(weights, step, source.BatchSize).Evaluate();

    /// <inheritdoc/>
    public DividedBatch Divide(Weights weights, long step, long samples)
    {
        var (x, labels) = source.Draw(step);
        var y = source.Drop(labels, options.LabelDropout, "label dropout", step);
        x = x.to(weights.Type);
        var noise = source.Noise(step, source.BatchSize).to(weights.Type);
        var t = _times.One(step, source.BatchSize).to(weights.Type);
        return new(x.shape[0], part => Evaluate(weights, part.Of(x), part.Of(noise), part.Of(t), part.Of(y)));
    }

    private ObjectiveValue Evaluate(Weights weights, Tensor x, Tensor noise, Tensor t, Tensor y)
    {
        var v = network.Velocity(weights, LinearPath.At(x, noise, t), t, y);
        return new((v - LinearPath.Velocity(x, noise)).square().mean());
    }
}
