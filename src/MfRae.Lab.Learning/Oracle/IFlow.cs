using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>The flow of a marginal velocity, to the accuracy of float64 or of a solver (docs/method.md §6).</summary>
public interface IFlow
{
    /// <summary>u*(z, r, t) = (z - Φ_{t→r}(z)) / (t - r), and v where r = t: z [B, d], r ≤ t [B] → [B, d].</summary>
    Tensor AverageVelocity(Tensor z, Tensor r, Tensor t);

    /// <summary>J* = ∂Φ_{t→r}/∂z [B, d, d].</summary>
    Tensor Jacobian(Tensor z, Tensor r, Tensor t);
}
