using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// MeanFlow with λ-mixing (docs/method.md §1–3): u_θ → sg(w - (t - r) du/dt) with w_λ = (1 - λ) v̂ + λ v_φ as target, and the
/// derivative along w with a separate λ.
/// </summary>
/// <param name="teacher">v_φ without guidance, or null where λ is 0 throughout.</param>
public sealed class MeanFlowObjective(
    LambdaMeanFlowOptions options, GeneratorNetwork network, VelocityField? teacher, ILatentSource source) : IObjective
{
    private readonly TimeSampler _times = new(options.Time, TimeShift.For(options.Time, source.Shape), source.Random);
    private readonly IDerivative _derivative = IDerivative.Create(options.Derivative, options.Training);
    private readonly VelocityField? _teacher = teacher is null ? null : Guidance.Apply(options.Guidance, teacher, source.Classes);
    private readonly LambdaSchedule _lambda = LambdaSchedule.Target(options);
    private readonly LambdaSchedule _tangentLambda = LambdaSchedule.Tangent(options);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Evaluate(weights, Draw(weights.Type, step), step);

    /// <summary>The loss of a given batch or of some of its samples.</summary>
    /// <param name="part">Null: the whole batch.</param>
    public ObjectiveValue Evaluate(Weights weights, MeanFlowBatch batch, long step, BatchPart? part = null)
    {
        var rows = part ?? batch.Whole;
        var difference = Regress(weights, batch, step, rows).Difference;
        var timeWeight = batch.TimeWeight is { } weight ? rows.Of(weight) : null;
        var loss = LossWeight.Apply(options.LossWeight, difference, timeWeight);
        return new(loss, [.. Errors(difference, rows.Of(batch.R) < rows.Of(batch.T))])
        {
            Unweighted = options.LossWeight is PlainLossWeightOptions
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

    /// <summary>u_θ and its target at the λ of the step.</summary>
    /// <param name="part">Null: the whole batch.</param>
    public Regression Regress(Weights weights, MeanFlowBatch batch, long step, BatchPart? part = null)
    {
        var rows = part ?? batch.Whole;
        var (x, noise, r, t, y) = (rows.Of(batch.X), rows.Of(batch.Noise), rows.Of(batch.R), rows.Of(batch.T), rows.Of(batch.Y));
        var (lambda, tangentLambda) = (_lambda.At(step), _tangentLambda.At(step));
        var z = LinearPath.At(x, noise, t);
        var onePoint = LinearPath.Velocity(x, noise);
        var velocity = lambda > 0 || tangentLambda > 0 ? Teach(z, t, y) : null;
        Tensor Labels(int probe) => options.Derivative.SharesDropout() || probe == 0
            ? y
            : rows.Of(source.Drop(batch.Labels, options.LabelDropout, $"label dropout of probe {probe}", step));
        var (u, derivative) = _derivative.Evaluate(
            new NetworkVelocity(network, weights, Labels), z, Mix(onePoint, velocity, tangentLambda), r, t);
        return new(u, Mix(onePoint, velocity, lambda) - (LinearPath.BroadcastOverLatent(t - r) * derivative));
    }

    private MeanFlowBatch Draw(ScalarType type, long step)
    {
        var (x, labels) = source.Draw(step);
        var y = source.Drop(labels, options.LabelDropout, "label dropout", step);
        var noise = source.Noise(step, source.BatchSize);
        var (r, t, weight) = _times.Pair(step, source.BatchSize, options.EqualFraction);
        return new(x.to(type), noise.to(type), r.to(type), t.to(type), labels, y, weight?.to(type));
    }

    private Tensor? Teach(Tensor z, Tensor t, Tensor y)
    {
        using var quiet = no_grad();
        return _teacher?.Invoke(z, t, y);
    }

    private static Tensor Mix(Tensor onePoint, Tensor? velocity, double lambda) =>
        velocity is null || lambda == 0 ? onePoint : lambda == 1 ? velocity : lerp(onePoint, velocity, lambda);

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
public sealed record MeanFlowBatch(
    Tensor X, Tensor Noise, Tensor R, Tensor T, Tensor Labels, Tensor Y, Tensor? TimeWeight = null)
{
    /// <summary>All samples.</summary>
    public BatchPart Whole => new(0, X.shape[0]);
}

/// <summary>λ as a function of the step (docs/method.md §2).</summary>
/// <param name="start">λ of the first step.</param>
/// <param name="options">The schedule; null: constant.</param>
/// <param name="trainingSteps">Steps of the whole training.</param>
public sealed class LambdaSchedule(double start, LambdaScheduleOptions? options, long trainingSteps)
{
    /// <summary>λ of a step, counted from 0.</summary>
    public double At(long step) => options switch
    {
        null => start,
        LinearLambdaOptions linear => Between(linear.End, Progress(step, linear.Steps)),
        CosineLambdaOptions cosine => Between(cosine.End, (1 - Math.Cos(Math.PI * Progress(step, cosine.Steps))) / 2),
        SwitchLambdaOptions once => step < once.Step ? start : once.End,
        _ => throw new NotSupportedException($"{options.GetType().Name} has no schedule"),
    };

    /// <summary>Whether λ is above 0 at any step: only then a teacher is needed.</summary>
    public bool NeedsTeacher => start > 0 || options
        is LinearLambdaOptions { End: > 0 } or CosineLambdaOptions { End: > 0 } or SwitchLambdaOptions { End: > 0 };

    /// <summary>The schedule of the target.</summary>
    public static LambdaSchedule Target(LambdaMeanFlowOptions options) => new(options.Lambda, options.LambdaSchedule, options.Training.Steps);

    /// <summary>The schedule of the derivative's direction: that of the target, unless the options have a separate one.</summary>
    public static LambdaSchedule Tangent(LambdaMeanFlowOptions options) => options.TangentLambda is { } own
        ? new(own, options.TangentLambdaSchedule, options.Training.Steps)
        : Target(options);

    private double Progress(long step, int? steps) => Math.Min(1, (double)step / (steps ?? trainingSteps));

    private double Between(double end, double share) => ((1 - share) * start) + (share * end);
}

/// <summary>The loss of a batch from each sample's error (docs/method.md §2).</summary>
public static class LossWeight
{
    /// <summary>difference [B, C, H, W] → a scalar. The weight is a constant in the gradient.</summary>
    /// <param name="timeWeight">Multiplies the loss of each sample [B]; null: 1.</param>
    public static Tensor Apply(LossWeightOptions options, Tensor difference, Tensor? timeWeight = null)
    {
        var error = Error(options, difference);
        var loss = error / Divisor(options, error);
        return (timeWeight is null ? loss : loss * timeWeight).mean();
    }

    /// <summary>The error that is weighted: M, S or S². [B, C, H, W] → [B].</summary>
    public static Tensor Error(LossWeightOptions options, Tensor difference)
    {
        var squared = difference.square();
        long[] inner = [1, 2, 3];
        return options switch
        {
            PlainLossWeightOptions or AdaptiveLossWeightOptions => squared.mean(inner),
            AdaptiveSumLossWeightOptions => squared.sum(inner),
            ReleasedLossWeightOptions => squared.sum(inner).square(),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no error"),
        };
    }

    /// <summary>The divisor of the error [B], one over the weight, without gradient.</summary>
    public static Tensor Divisor(LossWeightOptions options, Tensor error) => options switch
    {
        PlainLossWeightOptions => ones_like(error),
        AdaptiveLossWeightOptions adaptive => Power(error, adaptive.Offset, adaptive.Power),
        AdaptiveSumLossWeightOptions adaptive => Power(error, adaptive.Offset, adaptive.Power),
        ReleasedLossWeightOptions released => Power(error, released.Offset, released.Power),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no weight"),
    };

    private static Tensor Power(Tensor error, double offset, double power) => (error.detach() + offset).pow(power);
}
