using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Tests.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Checkpoints of float32 tensors as torch.save writes them.</summary>
internal static class TorchFile
{
    /// <summary>Tensors under their names, or inside a dictionary of a checkpoint that holds other things too.</summary>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors, string? inside = null)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var entries = tensors.Select((tensor, i) => (tensor.Name, PickleBytes.Tensor(
            "FloatStorage", $"{i}", tensor.Value.numel(), 0, tensor.Value.shape, tensor.Value.contiguous().stride()))).ToArray();
        var dictionary = PickleBytes.Dictionary(entries);
        var value = inside is null
            ? dictionary
            : PickleBytes.Dictionary((inside, dictionary), ("train_steps", PickleBytes.Int(7)));
        var storages = tensors.Select((tensor, i) => ($"{i}", tensor.Value.detach().contiguous().bytes.ToArray())).ToArray();
        File.WriteAllBytes(path, TestArchive.Checkpoint(value, storages));
    }

    public static IReadOnlyList<(string Name, Tensor Value)> Tensors(WeightSpec spec, Weights weights) =>
        [.. spec.Entries.Select(entry => (entry.Name, weights[entry.Name]))];
}
