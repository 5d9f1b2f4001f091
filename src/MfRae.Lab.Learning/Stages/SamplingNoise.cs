using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Writes the noise and labels that a sampling stage used to a file, for other programs and for `sampling.noiseFile`.</summary>
public static class SamplingNoise
{
    /// <summary>Writes the file, batch by batch.</summary>
    /// <param name="stage">The definition of the stage.</param>
    /// <param name="seed">The seed of the stage, or null if its definition has it.</param>
    /// <param name="folder">The folder of the completed stage.</param>
    /// <param name="count">The number of first samples; null: all.</param>
    /// <param name="path">The file, .safetensors.</param>
    /// <returns>The number of samples in the file.</returns>
    /// <exception cref="LabException">The noise came from a file, the stage has no samples, or the file cannot be written.</exception>
    public static long Write(SamplingStage stage, long? seed, string folder, long? count, string path)
    {
        if (stage.NoiseFile is { } source)
            throw new LabException($"the noise and labels of this sampling came from {source}: use that file");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var samples = Samples(folder);
        var latents = samples.Tensors["latents"].Shape;
        var shape = new LatentShape(latents[1], latents[2], latents[3]);
        var labels = samples["labels"];
        var total = Math.Min(count ?? labels.shape[0], labels.shape[0]);
        var noise = new SampleNoise(
            seed ?? stage.Seed ?? throw new LabException("the record of this sampling has no seed"), stage.NoiseSet, stage.BatchSize, stage.Labels, CPU);
        NoiseFile.Write(path, noise, shape, labels.slice(0, 0, total, 1));
        return total;
    }

    // The samples of any number of steps: all have the same labels.
    private static TensorFile Samples(string folder) => EvaluationRunner.SampleFiles(folder) is [var (_, path), ..]
        ? Safetensors.Read(path)
        : throw new LabException($"{folder} contains no samples: run the experiment again");
}
