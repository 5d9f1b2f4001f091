using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>u_θ at the fixed labels of one batch, as estimators see it.</summary>
public interface IAverageVelocity
{
    /// <summary>
    /// u(z, r, t): z [n B, C, H, W], r, t [n B] hold the batch once for each of the n <paramref name="probes"/>. 0 is the main
    /// evaluation, 1 and 2 are probes beside it, which may see another label dropout (docs/method.md §4, B).
    /// </summary>
    Tensor At(Tensor z, Tensor r, Tensor t, int[] probes);

    /// <summary>The main evaluation with a tangent carried through the network.</summary>
    Dual At(Dual z, Dual r, Dual t);

    /// <summary>The same for some samples of the batch, int64 [n].</summary>
    IAverageVelocity Rows(Tensor rows);
}
