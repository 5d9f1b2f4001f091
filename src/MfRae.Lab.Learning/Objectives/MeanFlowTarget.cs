using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>u_θ at labels that a function gives for each probe. The number of samples is that of the arguments of its evaluations.</summary>
public delegate IAverageVelocity LabelledVelocity(Func<int, Tensor> labels);

/// <summary>The target on which a kind of MeanFlow training regresses u_θ (docs/method.md §2).</summary>
public interface IMeanFlowTarget
{
    /// <summary>u_θ with its gradient, and the target of each sample, held fixed.</summary>
    Regression Regress(LabelledVelocity u, MeanFlowSamples samples, long step);

    /// <summary>The target of each kind of options. A new target is added to this list.</summary>
    /// <param name="teacher">v_φ without guidance; null without a teacher.</param>
    static IMeanFlowTarget Create(IMeanFlowTraining options, VelocityField? teacher, long nullLabel)
    {
        var mix = new VelocityMix(options, teacher, nullLabel);
        return options switch
        {
            LambdaMeanFlowOptions lambda => new DerivativeTarget(lambda, mix),
            AlphaFlowOptions alpha => new AlphaFlowTarget(alpha, mix),
            SplitMeanFlowOptions split => new SplitTarget(split, mix, 0, 1, nullLabel),
            ShortcutOptions shortcut => new SplitTarget(shortcut, mix, shortcut.Clip, shortcut.BootstrapScale, nullLabel),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no target"),
        };
    }
}

/// <summary>The samples of a step as a target sees them.</summary>
/// <param name="Z">z_t [B, C, H, W].</param>
/// <param name="OnePoint">v̂ [B, C, H, W].</param>
/// <param name="R">[B], at most <paramref name="T"/>.</param>
/// <param name="T">[B].</param>
/// <param name="Labels">int64 [B], before the label dropout.</param>
/// <param name="Y">int64 [B], after the label dropout.</param>
/// <param name="Split">Where intervals are split, for targets that split them.</param>
public sealed record MeanFlowSamples(Tensor Z, Tensor OnePoint, Tensor R, Tensor T, Tensor Labels, Tensor Y, SplitTimes? Split = null)
{
    /// <summary>The labels that each probe of a derivative sees; probe 0 is the main evaluation.</summary>
    public Func<int, Tensor> ProbeLabels { get; init; } = _ => Y;

    /// <summary>Some of the samples, int64 [n].</summary>
    public MeanFlowSamples Rows(Tensor rows)
    {
        Tensor Of(Tensor all) => all.index_select(0, rows);
        return new(Of(Z), Of(OnePoint), Of(R), Of(T), Of(Labels), Of(Y), Split?.Rows(rows));
    }
}

/// <summary>λ-MeanFlow: w_λ - (t - r) du/dt, with the derivative along w_μ or along the network's own velocity u(z, t, t).</summary>
internal sealed class DerivativeTarget(LambdaMeanFlowOptions options, VelocityMix mix) : IMeanFlowTarget
{
    private readonly IDerivative _derivative = IDerivative.Create(options.Derivative, options.Training);
    private readonly LambdaSchedule _lambda = LambdaSchedule.Target(options);
    private readonly LambdaSchedule _tangentLambda = LambdaSchedule.Tangent(options);
    private readonly bool _networkTangent = options.Tangent == LambdaMeanFlowOptions.NetworkTangent;

    /// <inheritdoc/>
    public Regression Regress(LabelledVelocity u, MeanFlowSamples samples, long step)
    {
        var (lambda, tangentLambda) = (_lambda.At(step), _tangentLambda.At(step));
        var velocities = mix.At(u, samples, lambda > 0 || tangentLambda > 0);
        var tangent = _networkTangent ? OwnVelocity(u, samples) : velocities.Mix(tangentLambda);
        return Along(_derivative, u, samples, velocities.Mix(lambda), tangent);
    }

    /// <summary>The target <paramref name="w"/> - (t - r) du/dt with the derivative along <paramref name="tangent"/>.</summary>
    public static Regression Along(IDerivative estimator, LabelledVelocity u, MeanFlowSamples samples, Tensor w, Tensor tangent)
    {
        var (output, derivative) = estimator.Evaluate(u(samples.ProbeLabels), samples.Z, tangent, samples.R, samples.T);
        return new(output, w - (LinearPath.BroadcastOverLatent(samples.T - samples.R) * derivative));
    }

    // u(z, t, t) of the samples with r < t, and zero for the others, which have no derivative.
    private static Tensor OwnVelocity(LabelledVelocity u, MeanFlowSamples samples)
    {
        using var quiet = no_grad();
        var velocity = zeros_like(samples.Z);
        var rows = IntervalRows.Of(samples.R, samples.T).Spanned;
        if (rows.numel() == 0)
            return velocity;
        var some = samples.Rows(rows);
        return velocity.index_copy_(0, rows, u(_ => some.Y).At(some.Z, some.T, some.T, [0]));
    }
}

/// <summary>
/// α-Flow: clip(α w + (1 - α) u_θ(z - (t - s) w, r, s)) with s = t - α (t - r); where α is 0, the target of MeanFlow along w.
/// </summary>
internal sealed class AlphaFlowTarget(AlphaFlowOptions options, VelocityMix mix) : IMeanFlowTarget
{
    private readonly IDerivative _derivative = IDerivative.Create(options.Derivative, options.Training);
    private readonly AlphaSchedule _alpha = new(options.Alpha, options.Training.Steps);

    /// <inheritdoc/>
    public Regression Regress(LabelledVelocity u, MeanFlowSamples samples, long step)
    {
        var alpha = _alpha.At(step);
        var w = mix.At(u, samples, options.Lambda > 0).Mix(options.Lambda);
        return alpha > 0 ? Discrete(u, samples, w, alpha) : DerivativeTarget.Along(_derivative, u, samples, w, w);
    }

    private Regression Discrete(LabelledVelocity u, MeanFlowSamples samples, Tensor w, double alpha)
    {
        var rows = IntervalRows.Of(samples.R, samples.T).Spanned;
        var output = u(_ => samples.Y).At(samples.Z, samples.R, samples.T, [0]);
        return rows.numel() == 0 ? new(output, w) : new(output, Target(u, samples, w, rows, alpha))
        {
            Weight = where(samples.R < samples.T, full_like(samples.T, alpha), ones_like(samples.T)),
        };
    }

    // Samples with r = t keep w, which is not clipped.
    private Tensor Target(LabelledVelocity u, MeanFlowSamples samples, Tensor w, Tensor rows, double alpha)
    {
        using var quiet = no_grad();
        return w.clone().index_copy_(0, rows, Step(u, samples.Rows(rows), w.index_select(0, rows), alpha));
    }

    private Tensor Step(LabelledVelocity u, MeanFlowSamples some, Tensor w, double alpha)
    {
        var target = w;
        if (alpha < 1)
        {
            var length = alpha * (some.T - some.R);
            var later = some.Z - (LinearPath.BroadcastOverLatent(length) * w);
            target = (alpha * w) + ((1 - alpha) * u(_ => some.Y).At(later, some.R, some.T - length, [0]));
        }

        return options.Clamp > 0 ? target.clamp(-options.Clamp, options.Clamp) : target;
    }
}

/// <summary>
/// SplitMeanFlow and Shortcut: the mean of the average velocities of the two parts of a split interval, weighted with their lengths. Samples
/// without a split interval have the velocity w as target.
/// </summary>
/// <param name="clip">Bound of the state between the parts and of the target; 0: none.</param>
/// <param name="scale">The scale of guidance, by the network itself, of both parts of the shortest intervals.</param>
internal sealed class SplitTarget(IMeanFlowTraining options, VelocityMix mix, double clip, double scale, long nullLabel) : IMeanFlowTarget
{
    /// <inheritdoc/>
    public Regression Regress(LabelledVelocity u, MeanFlowSamples samples, long step)
    {
        var split = samples.Split ?? throw new ArgumentException("the samples have no split intervals", nameof(samples));
        var rows = IntervalRows.Of(split.Splits);
        return new(u(_ => samples.Y).At(samples.Z, samples.R, samples.T, [0]), Target(u, samples, rows.Spanned, rows.Equal));
    }

    private Tensor Target(LabelledVelocity u, MeanFlowSamples samples, Tensor parts, Tensor velocities)
    {
        using var quiet = no_grad();
        var target = zeros_like(samples.Z);
        if (velocities.numel() > 0)
        {
            var w = mix.At(u, samples.Rows(velocities), options.Lambda > 0).Mix(options.Lambda);
            target.index_copy_(0, velocities, w);
        }

        return parts.numel() > 0 ? target.index_copy_(0, parts, TwoParts(u, samples.Rows(parts))) : target;
    }

    private Tensor TwoParts(LabelledVelocity u, MeanFlowSamples some)
    {
        var (z, r, s, t) = (some.Z, some.R, some.Split!.Middle, some.T);
        var early = Guided(u, some, z, s, t);
        var between = Clipped(z - (LinearPath.BroadcastOverLatent(t - s) * early));
        var late = Guided(u, some, between, r, s);
        return Clipped(lerp(late, early, LinearPath.BroadcastOverLatent((t - s) / (t - r))));
    }

    private Tensor Guided(LabelledVelocity u, MeanFlowSamples some, Tensor z, Tensor r, Tensor t)
    {
        var labelled = u(_ => some.Y).At(z, r, t, [0]);
        if (scale == 1 || some.Split!.Shortest is not { } shortest)
            return labelled;
        var free = u(_ => full_like(some.Y, nullLabel)).At(z, r, t, [0]);
        return new GuidedVelocity(labelled, free, LinearPath.BroadcastOverLatent(shortest), scale).Velocity;
    }

    private Tensor Clipped(Tensor values) => clip > 0 ? values.clamp(-clip, clip) : values;
}
