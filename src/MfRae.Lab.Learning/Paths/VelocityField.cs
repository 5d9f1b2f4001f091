using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>
/// A velocity v(z, t, y): z [B, C, H, W], t [B], y int64 [B] → [B, C, H, W]. A teacher is one, whether it is a network, a
/// network with guidance, or a closed form.
/// </summary>
public delegate Tensor VelocityField(Tensor z, Tensor t, Tensor y);
