using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Objectives;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// What the target of a MeanFlow training costs in addition to the main evaluation, as shares of the batch: means over the steps of the training
/// and over the random number of samples with r &lt; t.
/// </summary>
/// <param name="Derivative">The estimator of du/dt; null without one.</param>
/// <param name="DerivativeShare">The share of the steps with a derivative.</param>
/// <param name="Evaluations">Evaluations of the generator without gradients.</param>
/// <param name="TeacherShare">Evaluations of the teacher; guidance doubles them.</param>
internal sealed record TargetCost(
    DerivativeCost? Derivative, double DerivativeShare, IReadOnlyList<(string What, double Share)> Evaluations, double TeacherShare)
{
    /// <summary>The cost of each kind of options.</summary>
    public static TargetCost Of(IMeanFlowTraining options, TrainingOptions training)
    {
        var (velocities, intervals) = (options.EqualFraction, 1 - options.EqualFraction);
        var derivative = options.Derivative is { } estimator ? IDerivative.Create(estimator, training).Cost : null;
        switch (options)
        {
            case LambdaMeanFlowOptions lambda:
                (string, double)[] own = lambda.Tangent == LambdaMeanFlowOptions.NetworkTangent ? [("u(z, t, t) as direction", intervals)] : [];
                var teaches = LambdaSchedule.Target(lambda).NeedsTeacher || LambdaSchedule.Tangent(lambda).NeedsTeacher || VelocityMix.GuidesBoth(lambda);
                return new(derivative, 1, [.. own, .. SelfGuidance(options, 1)], teaches ? 1 : 0);
            case AlphaFlowOptions alpha:
                var schedule = new AlphaSchedule(alpha.Alpha, options.Training.Steps);
                var discrete = schedule.Share(value => value is > 0 and < 1);
                var continuous = schedule.Share(value => value == 0);
                return new(continuous > 0 ? derivative : null, continuous,
                    [("u at the end of a step of α", discrete * intervals), .. SelfGuidance(options, 1)], options.Lambda > 0 ? 1 : 0);
            default:
                var guided = options is ShortcutOptions { BootstrapScale: not 1 } ? 2 : 1;
                return new(null, 0,
                    [("two parts of intervals", 2 * guided * intervals), .. SelfGuidance(options, velocities)],
                    options.Lambda > 0 ? velocities : 0);
        }
    }

    private static IEnumerable<(string What, double Share)> SelfGuidance(IMeanFlowTraining options, double share)
    {
        if (options.SelfGuidance is not { } own)
            yield break;
        if (own.UsesLabelled())
            yield return ("u(z, t, t, y) as guidance", share);
        if (own.UsesFree())
            yield return ("u(z, t, t, ∅) as guidance", share);
    }
}
