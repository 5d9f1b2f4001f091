using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>u(z, r, t) at fixed labels. <paramref name="probe"/> is 0 for the main evaluation, 1 and 2 for probes beside it.</summary>
public delegate Tensor AverageVelocity(Tensor z, Tensor r, Tensor t, int probe);
