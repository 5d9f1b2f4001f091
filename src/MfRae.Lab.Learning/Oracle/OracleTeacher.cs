using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>v_φ = v + δ: the exact velocity of a mixture with an error of known form (docs/method.md §6).</summary>
public sealed class OracleTeacher(GaussianMixture mixture, TeacherBiasOptions bias)
{
    /// <summary>v_φ(z, t) in float64: z [B, d], t [B] → [B, d].</summary>
    public Tensor Velocity(Tensor z, Tensor t)
    {
        var velocity = mixture.Velocity(z, t);
        return bias switch
        {
            NoBiasOptions => velocity,
            ConstantBiasOptions constant => velocity + tensor(constant.Vector.ToArray()),
            ScaledBiasOptions scaled => velocity * (1 + scaled.Share),
            SmoothBiasOptions smooth => velocity + (smooth.Size * (z * (2 * Math.PI / smooth.Wavelength)).sin()),
            _ => throw new NotSupportedException($"{bias.GetType().Name} has no field"),
        };
    }

    /// <summary>The same for latents [B, d, 1, 1], in their own precision and on their device; labels do not matter.</summary>
    public VelocityField Field => (z, t, _) =>
        Velocity(z.flatten(1).to(float64).cpu(), t.to(float64).cpu()).to(z.dtype).to(z.device).view(z.shape);
}
