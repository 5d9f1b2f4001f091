using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>The RAE decoder (docs/method.md §2).</summary>
public interface IDecoder
{
    /// <summary>Of the latents it takes.</summary>
    LatentShape Shape { get; }

    WeightSpec Declare();

    /// <summary>latents [B, C, H, W], not normalised → pixels [B, C, H, W], about [-1, 1].</summary>
    Tensor Decode(Weights weights, Tensor latents);
}
