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
/// <param name="teacher">v_φ, or null where λ is 0 throughout.</param>
public sealed class MeanFlowObjective(
    LambdaMeanFlowOptions options, DitNetwork network, VelocityField? teacher, ILatentSource source) : IObjective
{
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(source.Shape), source.Random);
    private readonly IDerivative _derivative = IDerivative.Create(options.Derivative);

    // The released code draws the label dropout anew for each probe; then the two probes can see different labels.
    private readonly bool _sharedDropout = options.Derivative
        is not (CentralDifferenceOptions { SharedDropout: false } or ForwardDifferenceOptions { SharedDropout: false });

    private double TangentLambda => options.TangentLambda ?? options.Lambda;

    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        var (x, labels) = source.Draw(step);
        var y = source.Drop(labels, options.LabelDropout, "label dropout", step);
        var noise = source.Noise(step, source.BatchSize);
        var (r, t) = _times.Pair(step, source.BatchSize, options.EqualFraction);
        var z = LinearPath.At(x, noise, t);

        var onePoint = LinearPath.Velocity(x, noise);
        var velocity = Teach(z, t, y);
        Tensor Labels(int probe) => _sharedDropout || probe == 0
            ? y
            : source.Drop(labels, options.LabelDropout, $"label dropout of probe {probe}", step);
        var (u, derivative) = _derivative.Evaluate(
            new NetworkVelocity(network, weights, Labels), z, Mix(onePoint, velocity, TangentLambda), r, t);
        var target = Mix(onePoint, velocity, options.Lambda) - (LinearPath.Spread(t - r) * derivative);
        var difference = u - target;
        return new(LossWeight.Apply(options.LossWeight, difference), [.. Errors(difference, r < t)]);
    }

    private Tensor? Teach(Tensor z, Tensor t, Tensor y)
    {
        using var quiet = no_grad();
        return teacher is not null && (options.Lambda > 0 || TangentLambda > 0) ? teacher(z, t, y) : null;
    }

    private static Tensor Mix(Tensor onePoint, Tensor? velocity, double lambda) =>
        velocity is null || lambda == 0 ? onePoint : lambda == 1 ? velocity : lerp(onePoint, velocity, lambda);

    // The mean squared error of the samples with r = t and of those with r < t, and the largest of a sample: its tail is
    // where training breaks first.
    private static IEnumerable<(string Name, Tensor Value)> Errors(Tensor difference, Tensor interval)
    {
        using var quiet = no_grad();
        var errors = difference.square().mean([1, 2, 3]);
        var spanned = interval.to(float32);
        var equal = 1 - spanned;
        return
        [
            ("loss.equal", (errors * equal).sum() / equal.sum().clamp_(min: 1)),
            ("loss.interval", (errors * spanned).sum() / spanned.sum().clamp_(min: 1)),
            ("loss.largest", errors.max()),
        ];
    }
}
