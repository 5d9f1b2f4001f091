using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// The training of u_θ on a target that its options choose (docs/method.md §1–3): all targets share path, times and loss weights.
/// </summary>
/// <param name="teacher">v_φ without guidance, or null where λ is 0 throughout.</param>
public sealed class MeanFlowObjective(
    IMeanFlowTraining options, GeneratorNetwork network, VelocityField? teacher, ILatentSource source) : IObjective
{
    private readonly MeanFlowTimes _times = new(options, source);
    private readonly IMeanFlowTarget _target = IMeanFlowTarget.Create(options, teacher, source.Classes);
    private readonly bool _sharesDropout = options.Derivative?.SharesDropout() ?? true;

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Evaluate(weights, Draw(weights.Type, step), step);

    /// <summary>The loss of a given batch or of some of its samples.</summary>
    /// <param name="part">Null: the whole batch.</param>
    public ObjectiveValue Evaluate(Weights weights, MeanFlowBatch batch, long step, BatchPart? part = null)
    {
        var rows = part ?? batch.Whole;
        var regression = Regress(weights, batch, step, rows);
        var difference = regression.Difference;
        var timeWeight = batch.TimeWeight is { } weight ? rows.Of(weight) : null;
        var loss = LossWeight.Apply(options.LossWeight, difference, Product(timeWeight, regression.Weight));
        return new(loss, [.. Errors(difference, rows.Of(batch.R) < rows.Of(batch.T))])
        {
            Unweighted = options.LossWeight is PlainLossWeightOptions && regression.Weight is null
                ? loss
                : LossWeight.Apply(new PlainLossWeightOptions(), difference, timeWeight),
        };
    }

    /// <inheritdoc/>
    public DividedBatch Divide(Weights weights, long step, long samples)
    {
        var batch = Draw(weights.Type, step);
        return new(batch.Whole.Samples, part => Evaluate(weights, batch, step, part));
    }

    /// <summary>u_θ and its target at a step.</summary>
    /// <param name="part">Null: the whole batch.</param>
    public Regression Regress(Weights weights, MeanFlowBatch batch, long step, BatchPart? part = null)
    {
        var rows = part ?? batch.Whole;
        var (x, noise, t, y) = (rows.Of(batch.X), rows.Of(batch.Noise), rows.Of(batch.T), rows.Of(batch.Y));
        Tensor Labels(int probe) => _sharesDropout || probe == 0
            ? y
            : rows.Of(source.Drop(batch.Labels, options.LabelDropout, $"label dropout of probe {probe}", step));
        var samples = new MeanFlowSamples(
            LinearPath.At(x, noise, t), LinearPath.Velocity(x, noise), rows.Of(batch.R), t, rows.Of(batch.Labels), y, batch.Split?.Of(rows))
        {
            ProbeLabels = Labels,
        };
        return _target.Regress(labels => new NetworkVelocity(network, weights, labels), samples, step);
    }

    private MeanFlowBatch Draw(ScalarType type, long step)
    {
        var (x, labels) = source.Draw(step);
        var y = source.Drop(labels, options.LabelDropout, "label dropout", step);
        var noise = source.Noise(step, source.BatchSize);
        var ((r, t, weight), split) = _times.Draw(step);
        return new(x.to(type), noise.to(type), r.to(type), t.to(type), labels, y, weight?.to(type), split?.To(type));
    }

    private static Tensor? Product(Tensor? one, Tensor? other) => one is null ? other : other is null ? one : one * other;

    // The mean squared error of the samples with r = t and of the samples with r < t, and the largest error of a sample: training
    // becomes unstable in the tail first.
    private static IEnumerable<CurveScalar> Errors(Tensor difference, Tensor interval)
    {
        using var quiet = no_grad();
        var errors = difference.square().mean([1, 2, 3]);
        var spanned = interval.to(errors.dtype);
        CurveScalar Mean(string name, Tensor samples)
        {
            var count = samples.sum();
            return new(name, (errors * samples).sum() / count.clamp(min: 1)) { Weight = count };
        }
        return
        [
            Mean("loss.equal", 1 - spanned),
            Mean("loss.interval", spanned),
            new("loss.largest", errors.max()) { IsLargest = true },
        ];
    }
}

/// <summary>The inputs of a MeanFlow step, in the type of the weights.</summary>
/// <param name="X">[B, C, H, W].</param>
/// <param name="Noise">ε, of the same shape.</param>
/// <param name="R">[B], at most <paramref name="T"/>.</param>
/// <param name="T">[B].</param>
/// <param name="Labels">int64 [B], before the label dropout.</param>
/// <param name="Y">int64 [B], after the label dropout.</param>
/// <param name="TimeWeight">The importance weight of each sample's times [B]; null: all are 1.</param>
/// <param name="Split">Where intervals are split, for targets that split them.</param>
public sealed record MeanFlowBatch(
    Tensor X, Tensor Noise, Tensor R, Tensor T, Tensor Labels, Tensor Y, Tensor? TimeWeight = null, SplitTimes? Split = null)
{
    /// <summary>All samples.</summary>
    public BatchPart Whole => new(0, X.shape[0]);
}
