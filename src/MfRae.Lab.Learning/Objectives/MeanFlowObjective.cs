using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// MeanFlow with λ-mixing (docs/method.md §1–3): u_θ → sg(w - (t - r) du/dt) with w_λ = (1 - λ) v̂ + λ v_φ as target, and the
/// derivative along w of its own λ.
/// </summary>
/// <param name="teacher">v_φ without guidance, or null where λ is 0 throughout.</param>
public sealed class MeanFlowObjective(
    LambdaMeanFlowOptions options, DitNetwork network, VelocityField? teacher, ILatentSource source) : IObjective
{
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(source.Shape), source.Random);
    private readonly IDerivative _derivative = IDerivative.Create(options.Derivative);
    private readonly VelocityField? _teacher = teacher is null ? null : Guidance.Apply(options.Guidance, teacher, source.Classes);
    private readonly LambdaSchedule _lambda = LambdaSchedule.Target(options);
    private readonly LambdaSchedule _tangentLambda = LambdaSchedule.Tangent(options);

    public ObjectiveValue Evaluate(Weights weights, long step) => Evaluate(weights, Draw(weights.Type, step), step);

    /// <summary>The same of a given batch.</summary>
    public ObjectiveValue Evaluate(Weights weights, MeanFlowBatch batch, long step)
    {
        var difference = Regress(weights, batch, step).Difference;
        return new(LossWeight.Apply(options.LossWeight, difference), [.. Errors(difference, batch.R < batch.T)]);
    }

    /// <summary>u_θ and its target at the λ of the step.</summary>
    public Regression Regress(Weights weights, MeanFlowBatch batch, long step)
    {
        var (x, noise, r, t, labels, y) = batch;
        var (lambda, tangentLambda) = (_lambda.At(step), _tangentLambda.At(step));
        var z = LinearPath.At(x, noise, t);
        var onePoint = LinearPath.Velocity(x, noise);
        var velocity = lambda > 0 || tangentLambda > 0 ? Teach(z, t, y) : null;
        Tensor Labels(int probe) => options.Derivative.SharesDropout() || probe == 0
            ? y
            : source.Drop(labels, options.LabelDropout, $"label dropout of probe {probe}", step);
        var (u, derivative) = _derivative.Evaluate(
            new NetworkVelocity(network, weights, Labels), z, Mix(onePoint, velocity, tangentLambda), r, t);
        return new(u, Mix(onePoint, velocity, lambda) - (LinearPath.Spread(t - r) * derivative));
    }

    private MeanFlowBatch Draw(ScalarType type, long step)
    {
        var (x, labels) = source.Draw(step);
        var y = source.Drop(labels, options.LabelDropout, "label dropout", step);
        var noise = source.Noise(step, source.BatchSize);
        var (r, t) = _times.Pair(step, source.BatchSize, options.EqualFraction);
        return new(x.to(type), noise.to(type), r.to(type), t.to(type), labels, y);
    }

    private Tensor? Teach(Tensor z, Tensor t, Tensor y)
    {
        using var quiet = no_grad();
        return _teacher?.Invoke(z, t, y);
    }

    private static Tensor Mix(Tensor onePoint, Tensor? velocity, double lambda) =>
        velocity is null || lambda == 0 ? onePoint : lambda == 1 ? velocity : lerp(onePoint, velocity, lambda);

    // The mean squared error of the samples with r = t and of those with r < t, and the largest of a sample: its tail is
    // where training breaks first.
    private static IEnumerable<(string Name, Tensor Value)> Errors(Tensor difference, Tensor interval)
    {
        using var quiet = no_grad();
        var errors = difference.square().mean([1, 2, 3]);
        var spanned = interval.to(errors.dtype);
        var equal = 1 - spanned;
        return
        [
            ("loss.equal", (errors * equal).sum() / equal.sum().clamp_(min: 1)),
            ("loss.interval", (errors * spanned).sum() / spanned.sum().clamp_(min: 1)),
            ("loss.largest", errors.max()),
        ];
    }
}
