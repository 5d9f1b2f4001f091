using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>A source that has shapes only, for manifests that contain the batches.</summary>
internal sealed class GivenLatents(GeneratorNetwork network) : ILatentSource
{
    public int BatchSize => 0;

    public LatentShape Shape => network.Shape;

    public int Classes => network.Classes;

    public RandomSource Random { get; } = new(0, CPU);

    public Device Device => CPU;

    public (Tensor X, Tensor Labels) Draw(long step) => throw new InvalidOperationException("the batches are the manifest's");

    public void Dispose()
    {
        // There is nothing in it.
    }
}
