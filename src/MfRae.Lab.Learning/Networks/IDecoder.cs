using MfRae.Lab.Learning.Data;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The RAE decoder (docs/method.md §2).</summary>
public interface IDecoder
{
    /// <summary>Of the latents it takes.</summary>
    LatentShape Shape { get; }

    /// <summary>Of the images it makes.</summary>
    ImageShape Image { get; }

    WeightSpec Declare();

    /// <summary>latents [B, C, H, W], not normalised → pixels [B, C, H, W], about [-1, 1].</summary>
    Tensor Decode(Weights weights, Tensor latents);
}
