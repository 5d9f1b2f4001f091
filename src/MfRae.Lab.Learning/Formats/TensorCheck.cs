using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Looks at the values of a file.</summary>
public static class TensorCheck
{
    /// <summary>The names of values that are not read.</summary>
    /// <exception cref="LabException">The file cannot be opened or read.</exception>
    public static IReadOnlyList<string> NotRead(string path)
    {
        using var scope = NewDisposeScope();
        return [.. TensorFile.Open(path).Unread.Keys];
    }

    /// <summary>The names of tensors with values that are not finite. Reads the whole file, a tensor at a time.</summary>
    /// <exception cref="LabException">The file cannot be opened or read.</exception>
    public static IReadOnlyList<string> NotFinite(string path)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var names = new List<string>();
        foreach (var (name, tensor) in TensorFile.Open(path).Tensors)
        {
            using var one = NewDisposeScope();
            if (!Finite.Holds(tensor.Read()))
                names.Add(name);
        }
        return names;
    }
}
