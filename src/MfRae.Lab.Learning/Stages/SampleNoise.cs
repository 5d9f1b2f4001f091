using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// The noise and labels of a set of samples: drawn, or from a file. Drawn noise comes in whole batches and depends only on the seed, the set
/// and the batch size: all stages with the same three start from the same noise and labels, and fewer samples are the first of more samples,
/// except with permuted labels.
/// </summary>
/// <param name="set">The number of the set, from 1.</param>
/// <param name="protocol">The label protocol: balanced, random, permuted or file.</param>
/// <param name="file">The file with noise and labels, or null.</param>
internal sealed class SampleNoise(long seed, int set, int batchSize, string protocol, Device device, NoiseFile? file = null)
{
    // The stage and the set are part of the seed, so that no training with the same seed has the same numbers.
    private readonly RandomSource _random = new(Seed.For(seed, "sampling", set), device);
    private readonly RandomSource _labels = new(Seed.For(seed, "sampling", set), CPU);

    public int BatchSize => batchSize;

    /// <summary>Whether label i is the remainder of i by the number of classes.</summary>
    public bool CyclesThroughClasses => file is null && protocol == SamplingOptions.BalancedLabels;

    /// <summary>The noise and labels of a stage.</summary>
    /// <param name="seed">The seed in the definition; null: that of the stage.</param>
    /// <param name="path">The file with noise and labels as the options name it, or null.</param>
    /// <exception cref="LabException">The file has no noise or no labels.</exception>
    public static SampleNoise Of(StageContext context, int? seed, int set, int batchSize, string protocol, string? path) => new(
        seed ?? context.Seed, set, batchSize, protocol, context.Device(), path is null ? null : NoiseFile.Open(context.Resolve(path)));

    /// <summary>Labels int64 [count]; balanced labels cycle through the classes.</summary>
    /// <exception cref="LabException">The file has too few labels, or labels of other classes.</exception>
    public Tensor Labels(int count, int classes)
    {
        if (file is not null)
            return file.Labels(count, classes);
        return protocol switch
        {
            SamplingOptions.RandomLabels =>
                cat([.. Enumerable.Range(0, (count + batchSize - 1) / batchSize).Select(batch => _labels.Integers("labels", batch, classes, batchSize))])
                    .slice(0, 0, count, 1),
            SamplingOptions.PermutedLabels => Permuted(count, classes),
            _ => arange(count, dtype: int64).remainder(classes),
        };
    }

    /// <summary>The noise float32 [B, C, H, W] of the samples at consecutive indices within one batch.</summary>
    /// <exception cref="LabException">The noise of the file has another shape.</exception>
    public Tensor Noise(LatentShape shape, Tensor indices)
    {
        var start = indices[0].item<long>();
        var count = indices.shape[0];
        return file is not null
            ? file.Noise(shape, start, count).to(device)
            : _random.Normal("noise", start / batchSize, batchSize, shape.Channels, shape.Rows, shape.Columns).slice(0, 0, count, 1);
    }

    /// <summary>The latents of the samples at consecutive indices within one batch.</summary>
    public Tensor Latents(FewStepGenerator generator, LatentShape shape, Tensor labels, Tensor indices, int steps) =>
        generator.Sample(Noise(shape, indices), labels.index_select(0, indices).to(device), steps);

    // The released code permutes 0, …, 0, 1, …, 1, … by torch.randperm with a CPU generator of its global seed. The order of the generator's
    // numbers is that of libtorch, which both programs use.
    private Tensor Permuted(int count, int classes)
    {
        using var generator = new Generator((ulong)(set == 1 ? seed : Seed.For(seed, "sampling", set)), CPU);
        var sorted = arange(classes, dtype: int64).repeat_interleave(count / classes);
        return sorted.index_select(0, randperm(sorted.shape[0], dtype: int64, generator: generator));
    }
}

/// <summary>A file with the noise and labels of samples: safetensors with `noise` [N, C, H, W] and `labels` [N].</summary>
internal sealed class NoiseFile
{
    /// <summary>The names of the tensors.</summary>
    public const string NoiseName = "noise";
    public const string LabelsName = "labels";

    private readonly TensorFile _file;
    private readonly Tensor _noise;

    private NoiseFile(TensorFile file, Tensor noise) => (_file, _noise) = (file, noise);

    /// <summary>Opens a file. Its noise is mapped, and belongs to the dispose scope of the caller.</summary>
    /// <exception cref="LabException">The file has no noise or no labels.</exception>
    public static NoiseFile Open(string path)
    {
        var file = TensorFile.Open(path);
        foreach (var name in (string[])[NoiseName, LabelsName])
        {
            if (!file.Tensors.ContainsKey(name))
                throw new LabException($"{path} does not contain `{name}`: noise [N, C, H, W] and labels [N] are needed");
        }

        if (file.Tensors[NoiseName].Shape is not [var count, _, _, _] || file.Tensors[LabelsName].Shape is not [var labels] || labels != count)
        {
            throw new LabException($"{path} has noise [{string.Join(", ", file.Tensors[NoiseName].Shape)}] and labels "
                + $"[{string.Join(", ", file.Tensors[LabelsName].Shape)}]; noise [N, C, H, W] and labels [N] are needed");
        }

        return new(file, file[NoiseName]);
    }

    /// <summary>Writes a file, batch by batch.</summary>
    /// <param name="noise">The source of the noise.</param>
    /// <param name="labels">int64 [N].</param>
    /// <exception cref="LabException">The file cannot be written.</exception>
    public static void Write(string path, SampleNoise noise, LatentShape shape, Tensor labels)
    {
        var total = labels.shape[0];
        var layout = new SafetensorsLayout(
            [(NoiseName, ScalarType.Float32, [total, shape.Channels, shape.Rows, shape.Columns]), (LabelsName, ScalarType.Int64, [total])],
            metadata: null);
        try
        {
            using var file = File.Create(path);
            file.Write(layout.Start);
            file.Position = layout.Offset(LabelsName);
            TensorStream.Write(file, StoredTensor.Of(labels.contiguous()));
            file.Position = layout.Offset(NoiseName);
            for (long start = 0; start < total; start += noise.BatchSize)
            {
                using var batch = NewDisposeScope();
                var rows = arange(start, Math.Min(total, start + noise.BatchSize), dtype: int64);
                TensorStream.Write(file, StoredTensor.Of(noise.Noise(shape, rows).cpu().contiguous()));
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be written: {refused.Message}", refused);
        }
    }

    /// <summary>The first labels, int64 [count].</summary>
    public Tensor Labels(int count, int classes)
    {
        var labels = _file[LabelsName].to(int64);
        if (labels.shape[0] < count)
            throw new LabException(FormattableString.Invariant($"{_file.Path} has {labels.shape[0]} labels, but {count} samples are needed"));
        var first = labels.slice(0, 0, count, 1).contiguous();
        var (low, high) = (first.min().item<long>(), first.max().item<long>());
        return low >= 0 && high < classes
            ? first
            : throw new LabException(FormattableString.Invariant(
                $"{_file.Path} has labels from {low} to {high}, but the network has {classes} classes: 0 to {classes - 1}"));
    }

    /// <summary>float32 [count, C, H, W].</summary>
    public Tensor Noise(LatentShape shape, long start, long count)
    {
        if (_noise.shape[1] != shape.Channels || _noise.shape[2] != shape.Rows || _noise.shape[3] != shape.Columns)
        {
            throw new LabException($"{_file.Path} has noise of shape [{string.Join(", ", _noise.shape[1..])}], but the latents of the network have "
                + FormattableString.Invariant($"[{shape.Channels}, {shape.Rows}, {shape.Columns}]"));
        }

        var rows = _noise.slice(0, start, start + count, 1).to(float32).contiguous();
        return Finite.IsFinite(rows) ? rows : throw new LabException($"{_file.Path} has noise that is not finite");
    }
}
