using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The velocities w_λ = (1 - λ) v̂ + λ v_φ of a training, with guidance (docs/method.md §2).</summary>
/// <param name="teacher">v_φ without guidance; null without a teacher.</param>
internal sealed class VelocityMix(IMeanFlowTraining options, VelocityField? teacher, long nullLabel)
{
    private readonly bool _guidesBoth = VelocityMix.GuidesBoth(options);

    /// <summary>Whether the one-point velocity gets the guidance of the teacher, which is then evaluated at every λ.</summary>
    public static bool GuidesBoth(IMeanFlowTraining options) =>
        options is LambdaMeanFlowOptions { MixedGuidance: LambdaMeanFlowOptions.GuideBoth, Guidance: not null };

    /// <summary>The velocities of samples, held fixed.</summary>
    /// <param name="teaches">Whether the teacher's velocity is needed.</param>
    public MixedVelocity At(LabelledVelocity u, MeanFlowSamples samples, bool teaches)
    {
        using var quiet = no_grad();
        var onePoint = options.SelfGuidance is { } own ? SelfGuided(own, u, samples) : samples.OnePoint;
        if (teacher is null || !(teaches || _guidesBoth))
            return new(onePoint, null);
        if (options.Guidance is not { } guidance)
            return new(onePoint, teacher(samples.Z, samples.T, samples.Y));
        var guided = Guidance.Evaluate(guidance, teacher, nullLabel, samples.Z, samples.T, samples.Y);
        return new(_guidesBoth ? onePoint + guided.Term : onePoint, guided.Velocity);
    }

    // ω v̂ + κ u(z, t, t, y) + (1 - ω - κ) u(z, t, t, ∅).
    private Tensor SelfGuided(SelfGuidanceOptions own, LabelledVelocity u, MeanFlowSamples samples)
    {
        var (z, t, y) = (samples.Z, samples.T, samples.Y);
        var guided = own.Omega * samples.OnePoint;
        if (own.UsesLabelled())
            guided += own.Kappa * u(_ => y).At(z, t, t, [0]);
        if (own.UsesFree())
            guided += (1 - own.Omega - own.Kappa) * u(_ => full_like(y, nullLabel)).At(z, t, t, [0]);
        var within = (t >= own.Low).logical_and(t <= own.High);
        if (own.Dropped != SelfGuidanceOptions.Guided)
            within = within.logical_and(y == samples.Labels);
        return where(LinearPath.BroadcastOverLatent(within), guided, samples.OnePoint);
    }
}

/// <summary>The two velocities of a mix.</summary>
/// <param name="OnePoint">v̂, guided or not.</param>
/// <param name="Teacher">v_φ; null: not evaluated.</param>
internal sealed record MixedVelocity(Tensor OnePoint, Tensor? Teacher)
{
    /// <summary>w_λ.</summary>
    public Tensor Mix(double lambda) =>
        Teacher is null || lambda == 0 ? OnePoint : lambda == 1 ? Teacher : lerp(OnePoint, Teacher, lambda);
}
