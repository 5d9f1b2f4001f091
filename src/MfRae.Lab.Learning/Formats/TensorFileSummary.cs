using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>What a file of tensors holds.</summary>
/// <param name="Tensors">In the order of the file.</param>
/// <param name="Metadata">Texts and numbers beside them.</param>
/// <param name="Unread">What is not read, with the reason.</param>
public sealed record TensorFileSummary(
    string Format, IReadOnlyList<TensorSummary> Tensors, IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, string> Unread)
{
    /// <summary>Number of values of all tensors.</summary>
    public long Count => Tensors.Sum(tensor => tensor.Count);

    /// <param name="path">As <see cref="TensorFile.Open"/> takes it.</param>
    /// <exception cref="LabException">The file cannot be opened.</exception>
    public static TensorFileSummary Of(string path)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var file = TensorFile.Open(path);
        return new(file.Format, [.. file.Tensors.Select(entry => Summary(entry.Key, entry.Value))], file.Metadata, file.Unread);
    }

    private static TensorSummary Summary(string name, StoredTensor tensor)
    {
        var type = ElementType.Of(tensor.Type);
        return new(name, type.Safetensors, tensor.Shape, tensor.Count, tensor.Count * type.Size);
    }
}
