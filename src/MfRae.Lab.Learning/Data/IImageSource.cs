using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Images with their classes, in memory or decoded when they are asked for.</summary>
public interface IImageSource : IDisposable
{
    long Count { get; }

    long Classes { get; }

    ImageShape Shape { get; }

    /// <summary>int64 [N].</summary>
    Tensor Labels { get; }

    /// <summary>Whether training mirrors an image with probability one half each time it is drawn.</summary>
    bool Flip { get; }

    /// <summary>indices int64 [B] on the CPU → uint8 [B, C, H, W] on the CPU.</summary>
    /// <exception cref="Core.Experiments.LabException">A file is not a whole image.</exception>
    Tensor Bytes(Tensor indices);

    /// <summary>Says what will be asked for after what was announced before, so that work on it may begin.</summary>
    void Prepare(Tensor indices);
}
