using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The frozen representation encoder E (docs/method.md §2).</summary>
public interface IEncoder
{
    /// <summary>The shape of the latents.</summary>
    LatentShape Shape { get; }

    /// <summary>Whether the encoder accepts images of this shape.</summary>
    bool Accepts(ImageShape image);

    /// <summary>Number of values of the largest tensor that encoding one image needs.</summary>
    long LargestTensor { get; }

    /// <summary>The weights of the network.</summary>
    WeightSpec Declare();

    /// <summary>pixels [B, C, H, W] in [-1, 1] → latents [B, C, H, W], not normalised.</summary>
    Tensor Encode(Weights weights, Tensor pixels);
}

/// <summary>Encoding by a frozen network within bounded memory.</summary>
public static class EncoderExtensions
{
    // The largest tensor, 128 MB: whole batches of 28×28 images with the shipped encoder, and about 8 images of 256×256.
    private const long MostValues = 1L << 25;

    /// <summary>
    /// pixels [B, C, H, W] in [-1, 1] → latents [B, C, H, W], not normalised and without gradient. Large batches are encoded in
    /// parts.
    /// </summary>
    public static Tensor EncodeInParts(this IEncoder encoder, Weights weights, Tensor pixels)
    {
        using var quiet = no_grad();
        var (count, most) = (pixels.shape[0], Math.Max(1, MostValues / encoder.LargestTensor));
        using var scope = NewDisposeScope();
        if (count <= most)
            return encoder.Encode(weights, pixels).MoveToOuterDisposeScope();
        var parts = new List<Tensor>();
        for (long start = 0; start < count; start += most)
        {
            using var part = NewDisposeScope();
            parts.Add(encoder.Encode(weights, pixels.slice(0, start, Math.Min(count, start + most), 1)).MoveToOuterDisposeScope());
        }

        return cat(parts).MoveToOuterDisposeScope();
    }
}

/// <summary>The RAE decoder (docs/method.md §2).</summary>
public interface IDecoder
{
    /// <summary>The shape of the latents.</summary>
    LatentShape Shape { get; }

    /// <summary>The shape of the images.</summary>
    ImageShape Image { get; }

    /// <summary>The weights of the network.</summary>
    WeightSpec Declare();

    /// <summary>latents [B, C, H, W], not normalised → pixels [B, C, H, W], about [-1, 1].</summary>
    Tensor Decode(Weights weights, Tensor latents);
}

/// <summary>The shape of a latent: <paramref name="Channels"/> × <paramref name="Rows"/> × <paramref name="Columns"/> tokens.</summary>
public sealed record LatentShape(long Channels, long Rows, long Columns)
{
    /// <summary>D = C · H · W (docs/method.md §1).</summary>
    public long Dimension => Channels * Rows * Columns;

    /// <summary>The number of tokens, one for each place.</summary>
    public long Tokens => Rows * Columns;
}

/// <summary>Mean and standard deviation of each channel, for the normalisation of an encoder's pixels.</summary>
public sealed record ChannelNormalisation(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>The normalisation for networks trained on ImageNet, for pixels in [0, 1].</summary>
    public static ChannelNormalisation ImageNet { get; } = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>pixels [B, C, H, W] in [0, 1] → normalised pixels of the same shape.</summary>
    public Tensor Apply(Tensor pixels) => (pixels - PerChannel(Mean, pixels)) / PerChannel(Deviation, pixels);

    /// <summary>Normalised pixels → pixels in about [0, 1], not clamped.</summary>
    public Tensor Undo(Tensor normalised) => addcmul(PerChannel(Mean, normalised), normalised, PerChannel(Deviation, normalised), 1);

    private static Tensor PerChannel(IReadOnlyList<double> values, Tensor like) =>
        tensor(values.ToArray(), [values.Count, 1, 1], dtype: like.dtype).Upload(like.device);
}
