using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>v_φ = v + δ: the exact velocity of a mixture with an error of known form (docs/method.md §6).</summary>
public sealed class OracleTeacher(GaussianMixture mixture, TeacherBiasOptions bias)
{
    /// <summary>δ(z, t) in float64: z [B, d], t [B] → [B, d].</summary>
    public Tensor Bias(Tensor z, Tensor t) => bias switch
    {
        NoBiasOptions => zeros_like(z),
        ConstantBiasOptions constant => tensor(constant.Vector.ToArray()).expand_as(z),
        ScaledBiasOptions scaled => scaled.Share * mixture.Velocity(z, t),
        SmoothBiasOptions smooth => smooth.Size * (z * (2 * Math.PI / smooth.Wavelength)).sin(),
        _ => throw new NotSupportedException($"{bias.GetType().Name} has no field"),
    };

    /// <summary>v_φ(z, t, y) for latents [B, d, 1, 1], in their own precision and on their device; labels do not matter.</summary>
    public VelocityField Field => (z, t, _) =>
    {
        var (point, time) = (z.flatten(1).to(float64).cpu(), t.to(float64).cpu());
        return (mixture.Velocity(point, time) + Bias(point, time)).to(z.dtype).to(z.device).view(z.shape);
    };
}
