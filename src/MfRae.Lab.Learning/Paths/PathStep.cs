using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>Takes z [B, C, H, W] with labels y [B] from the time <paramref name="t"/> back to the time <paramref name="next"/>.</summary>
public delegate Tensor PathStep(Tensor z, Tensor y, double t, double next);
