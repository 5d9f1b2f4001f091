using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>
/// A velocity v(z, t, y): z [B, C, H, W], t [B], y int64 [B] → [B, C, H, W]. Every teacher is a velocity: a network, a network with
/// guidance, or a closed form.
/// </summary>
public delegate Tensor VelocityField(Tensor z, Tensor t, Tensor y);

/// <summary>An average velocity u(z, r, t, y): z [B, C, H, W], r ≤ t [B], y int64 [B] → [B, C, H, W].</summary>
public delegate Tensor AverageVelocityField(Tensor z, Tensor r, Tensor t, Tensor y);

/// <summary>Classifier-free guidance (docs/method.md §2).</summary>
public static class Guidance
{
    /// <summary>
    /// v(z, t, ∅) + scale (v(z, t, y) - v(z, t, ∅)) for samples with a time within the interval, both ends included, and v(z, t, y) for
    /// all other samples. Both velocities come from one evaluation of twice the batch.
    /// </summary>
    /// <param name="options">Null: no guidance.</param>
    /// <param name="nullLabel">∅, the label of the unconditional velocity.</param>
    public static VelocityField Apply(GuidanceOptions? options, VelocityField field, long nullLabel) =>
        options is null ? field : (z, t, y) => Evaluate(options, field, nullLabel, z, t, y).Velocity;

    /// <summary>The parts of the guided velocity, from one evaluation of twice the batch.</summary>
    /// <param name="nullLabel">∅, the label of the unconditional velocity.</param>
    public static GuidedVelocity Evaluate(GuidanceOptions options, VelocityField field, long nullLabel, Tensor z, Tensor t, Tensor y)
    {
        var both = field(cat([z, z]), cat([t, t]), cat([y, full_like(y, nullLabel)])).chunk(2);
        var within = (t >= options.Low).logical_and(t <= options.High);
        return new(both[0], both[1], LinearPath.BroadcastOverLatent(within), options.Scale);
    }
}

/// <summary>The parts of a guided velocity.</summary>
/// <param name="Labelled">v(z, t, y).</param>
/// <param name="Free">v(z, t, ∅).</param>
/// <param name="Within">bool [B, 1, 1, 1]: whether the sample is guided: its time lies within the interval.</param>
/// <param name="Scale">The scale of the guidance.</param>
public sealed record GuidedVelocity(Tensor Labelled, Tensor Free, Tensor Within, double Scale)
{
    /// <summary>v(z, t, ∅) + scale (v(z, t, y) - v(z, t, ∅)) within the interval, v(z, t, y) outside.</summary>
    public Tensor Velocity => where(Within, Free + (Scale * (Labelled - Free)), Labelled);

    /// <summary>(scale - 1) (v(z, t, y) - v(z, t, ∅)) within the interval, zero outside: what guidance adds.</summary>
    public Tensor Term => where(Within, (Scale - 1) * (Labelled - Free), zeros_like(Labelled));
}
