using MfRae.Lab.Learning.Data;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The frozen representation encoder E (docs/method.md §2).</summary>
public interface IEncoder
{
    /// <summary>Of the latents it makes.</summary>
    LatentShape Shape { get; }

    /// <summary>Whether it can see such images.</summary>
    bool Accepts(ImageShape image);

    WeightSpec Declare();

    /// <summary>pixels [B, C, H, W] in [-1, 1] → latents [B, C, H, W], not normalised.</summary>
    Tensor Encode(Weights weights, Tensor pixels);
}
