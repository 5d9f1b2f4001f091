using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>A distribution of data whose velocity along the linear path has a closed form (docs/method.md §6).</summary>
public interface IDistribution
{
    /// <summary>d.</summary>
    long Dimension { get; }

    /// <summary>Data x [count, d] in float64, a function of the source's seed and the step.</summary>
    Tensor Sample(RandomSource random, long step, long count);

    /// <summary>v(z, t) [B, d]: z [B, d], t [B].</summary>
    Tensor Velocity(Tensor z, Tensor t);
}
