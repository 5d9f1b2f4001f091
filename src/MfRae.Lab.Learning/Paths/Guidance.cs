using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>Classifier-free guidance (docs/method.md §2).</summary>
public static class Guidance
{
    /// <summary>
    /// v(z, t, ∅) + scale (v(z, t, y) - v(z, t, ∅)) for samples whose time lies within the interval, both ends included, and
    /// v(z, t, y) for the others. Both velocities come from one evaluation of twice the batch.
    /// </summary>
    /// <param name="options">Null: the field itself.</param>
    /// <param name="nullLabel">∅, the label that stands for none.</param>
    public static VelocityField Apply(GuidanceOptions? options, VelocityField field, long nullLabel) => options is null ? field : (z, t, y) =>
    {
        var both = field(cat([z, z]), cat([t, t]), cat([y, full_like(y, nullLabel)])).chunk(2);
        var (labelled, free) = (both[0], both[1]);
        var within = (t >= options.Low).logical_and(t <= options.High);
        return where(LinearPath.Spread(within), free + (options.Scale * (labelled - free)), labelled);
    };
}
