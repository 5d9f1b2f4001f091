using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Where an objective's training data come from: a file of latents, or a distribution. A batch is a function of the step.
/// </summary>
public interface ILatentSource : IDisposable
{
    /// <summary>Samples of a batch.</summary>
    int BatchSize { get; }

    LatentShape Shape { get; }

    /// <summary>Number of classes; the label of this number is the null label.</summary>
    int Classes { get; }

    /// <summary>Where an objective draws what it needs beside the data.</summary>
    RandomSource Random { get; }

    Device Device { get; }

    /// <summary>x float32 [B, C, H, W] and its labels int64 [B].</summary>
    (Tensor X, Tensor Labels) Draw(long step);
}
