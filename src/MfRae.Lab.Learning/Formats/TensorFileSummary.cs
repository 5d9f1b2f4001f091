using MfRae.Lab.Core;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The contents of a file of tensors.</summary>
/// <param name="Tensors">The tensors in the order of the file.</param>
/// <param name="Metadata">Strings and numbers in addition to the tensors.</param>
/// <param name="Unread">Unread values, each with the reason.</param>
public sealed record TensorFileSummary(
    string Format, IReadOnlyList<TensorSummary> Tensors, IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, string> Unread)
{
    /// <summary>Number of values of all tensors.</summary>
    public long Count => Tensors.Sum(tensor => tensor.Count);

    /// <summary>Describes a file.</summary>
    /// <param name="path">A path for <see cref="TensorFile.Open"/>.</param>
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

/// <summary>The description of a stored tensor.</summary>
/// <param name="Type">The type as in safetensors: F32, BF16, ….</param>
/// <param name="Count">Number of values.</param>
/// <param name="Bytes">Size of the values.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<long> Shape, long Count, long Bytes);

/// <summary>Checks the values of a file.</summary>
public static class TensorCheck
{
    /// <summary>The names of unread values.</summary>
    /// <exception cref="LabException">The file cannot be opened or read.</exception>
    public static IReadOnlyList<string> NotRead(string path)
    {
        using var scope = NewDisposeScope();
        return [.. TensorFile.Open(path).Unread.Keys];
    }

    /// <summary>The names of tensors with NaN or infinite values. Reads the whole file, one tensor at a time.</summary>
    /// <exception cref="LabException">The file cannot be opened or read.</exception>
    public static IReadOnlyList<string> NotFinite(string path)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var names = new List<string>();
        foreach (var (name, tensor) in TensorFile.Open(path).Tensors)
        {
            using var one = NewDisposeScope();
            if (!Finite.IsFinite(tensor.Read()))
                names.Add(name);
        }
        return names;
    }
}
