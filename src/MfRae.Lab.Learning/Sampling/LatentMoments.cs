using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Sampling;

/// <summary>
/// Mean and variance of each element of latents that come in batches and are kept nowhere, in float64: each batch's own moments are
/// merged into those of the batches before (Chan, Golub and LeVeque 1983), which loses nothing to a large mean.
/// </summary>
public sealed class LatentMoments(LatentShape shape)
{
    private readonly Tensor _mean = Zeros(shape);
    private readonly Tensor _squares = Zeros(shape);
    private long _count;

    /// <summary>latents [B, C, H, W], anywhere.</summary>
    public void Add(Tensor latents)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var wide = latents.cpu().to(float64);
        var added = wide.shape[0];
        var total = _count + added;
        var mean = wide.mean([0]);
        var apart = mean - _mean;
        _squares.add_((wide - mean).square().sum([0])).add_(apart.square() * ((double)_count * added / total));
        _mean.add_(apart * ((double)added / total));
        _count = total;
    }

    public LatentStatistics Statistics(double epsilon) => new(_mean.to(float32), (_squares / _count).to(float32), epsilon);

    private static Tensor Zeros(LatentShape shape) => zeros(shape.Channels, shape.Rows, shape.Columns, dtype: float64);
}
