using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Data;

/// <summary>Batches of training images as a function of the step; the next ones are announced to the source.</summary>
public sealed class ImageBatches(IImageSource images, int batchSize, RandomSource random) : IDisposable
{
    private readonly BatchOrder _order = new(images.Count, batchSize, random);

    /// <summary>Pixels float32 [B, C, H, W] in [-1, 1], mirrored where the source says so, and labels int64 [B], on the device.</summary>
    public (Tensor Pixels, Tensor Labels) Draw(long step, Device device)
    {
        var indices = _order.Indices(step);
        var bytes = images.Bytes(indices).Upload(device);
        _order.Announce(step, images.Prepare);
        if (images.Flip)
        {
            var mirrored = random.Uniform("mirrored", step, batchSize).to(device) < 0.5;
            bytes = where(mirrored.view(-1, 1, 1, 1), bytes.flip(3), bytes);
        }

        return (LabeledImages.ToUnit(bytes), images.Labels.index_select(0, indices).Upload(device));
    }

    /// <inheritdoc/>
    public void Dispose() => _order.Dispose();
}

/// <summary>
/// The samples of each training step: a new permutation each epoch, cut into whole batches. A function of the step, so that a
/// resumed run continues with the same batches.
/// </summary>
public sealed class BatchOrder(long count, int batchSize, RandomSource random) : IDisposable
{
    private const int BatchesAhead = 3;

    // Batches that are announced may belong to the next epoch.
    private const int KeptEpochs = 2;

    private readonly SortedDictionary<long, Tensor> _permutations = [];

    private long StepsPerEpoch => Math.Max(1, count / batchSize);

    /// <summary>int64 [batchSize] on the CPU; with fewer samples than a batch holds, samples repeat.</summary>
    public Tensor Indices(long step)
    {
        var epoch = step / StepsPerEpoch;
        var start = step % StepsPerEpoch * batchSize;
        return start + batchSize <= count
            ? Permutation(epoch).slice(0, start, start + batchSize, 1)
            : arange(batchSize, dtype: int64).remainder(count);
    }

    /// <summary>Announces the batches after a step.</summary>
    /// <param name="prepare">Receives the samples of a batch, int64 [batchSize].</param>
    public void Announce(long step, Action<Tensor> prepare)
    {
        for (var ahead = 1; ahead <= BatchesAhead; ahead++)
            prepare(Indices(step + ahead));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var permutation in _permutations.Values)
            permutation.Dispose();
    }

    private Tensor Permutation(long epoch)
    {
        if (!_permutations.TryGetValue(epoch, out var permutation))
        {
            _permutations[epoch] = permutation = random.Permutation("order", epoch, count).DetachFromDisposeScope();
            while (_permutations.Count > KeptEpochs && _permutations.Remove(_permutations.Keys.First(kept => kept != epoch), out var earlier))
                earlier.Dispose();
        }

        return permutation;
    }
}

/// <summary>Random views of a batch of images, all of them in one resampling.</summary>
public sealed class Augmenter(AugmentationOptions options, RandomSource random)
{
    /// <summary>pixels [B, 1, H, W] in [-1, 1], with -1 as the background → a random view of every image, same shape.</summary>
    public Tensor View(Tensor pixels, string purpose, long step)
    {
        var batch = pixels.shape[0];
        var draws = random.Uniform(purpose, step, 7, batch);
        Tensor Between(int row, double low, double high) => draws[row].mul(high - low).add_(low);

        var scale = Between(0, options.MinScale, 1);
        // A crop of side s may move by 1 - s and stay inside the image; the shift goes a little beyond.
        var room = 1 - scale + (2 * options.Shift);
        var x = Between(1, -1, 1).mul_(room);
        var y = Between(2, -1, 1).mul_(room);
        var angle = Between(3, -Math.PI / 180 * options.Rotation, Math.PI / 180 * options.Rotation);
        var mirror = where(draws[4] < options.Flip, -1.0, 1.0).to(float32);

        var cos = angle.cos().mul_(scale);
        var sin = angle.sin().mul_(scale);
        var affine = stack([stack([cos * mirror, -sin, x], 1), stack([sin * mirror, cos, y], 1)], 1);
        var grid = F.affine_grid(affine, pixels.shape, align_corners: false);
        var moved = F.grid_sample(pixels + 1, grid, align_corners: false);

        var contrast = Between(5, 1 - options.Intensity, 1 + options.Intensity).view(batch, 1, 1, 1);
        var power = Between(6, -options.Intensity, options.Intensity).exp_().view(batch, 1, 1, 1);
        return (moved * 0.5).clamp_(0, 1).pow(power).mul_(contrast).clamp_(0, 1).mul_(2).sub_(1);
    }
}
