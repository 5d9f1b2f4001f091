using MfRae.Lab.Learning.Data;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The pixels as latents (docs/method.md §2): 2 · image - 1, which is the range of the pixels already.</summary>
/// <param name="image">The shape of the images.</param>
public sealed class PixelEncoder(ImageShape image) : IEncoder
{
    /// <summary>The shape of the images.</summary>
    public ImageShape Image { get; } = image;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = new(image.Channels, image.Rows, image.Columns);

    /// <inheritdoc/>
    public long LargestTensor => Shape.Dimension;

    /// <inheritdoc/>
    public bool Accepts(ImageShape image) => image == Image;

    /// <inheritdoc/>
    public WeightSpec Declare() => new();

    /// <inheritdoc/>
    public Tensor Encode(Weights weights, Tensor pixels) => pixels.alias();
}

/// <summary>The inverse of <see cref="PixelEncoder"/>.</summary>
/// <param name="image">The shape of the images.</param>
public sealed class PixelDecoder(ImageShape image) : IDecoder
{
    /// <inheritdoc/>
    public LatentShape Shape { get; } = new(image.Channels, image.Rows, image.Columns);

    /// <inheritdoc/>
    public ImageShape Image { get; } = image;

    /// <inheritdoc/>
    public WeightSpec Declare() => new();

    /// <inheritdoc/>
    public Tensor Decode(Weights weights, Tensor latents) => latents.alias();
}
