using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>An average velocity u(z, r, t, y): z [B, C, H, W], r ≤ t [B], y int64 [B] → [B, C, H, W].</summary>
public delegate Tensor AverageVelocityField(Tensor z, Tensor r, Tensor t, Tensor y);
