using MfRae.Lab.Core.Experiments;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The content of a safetensors file.</summary>
public sealed record SafetensorsFile(string Path, IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <exception cref="LabException">There is no such tensor.</exception>
    public Tensor this[string name] => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new LabException($"{Path} holds no tensor '{name}'");

    /// <exception cref="LabException">There is no such entry.</exception>
    public string Meta(string key) => Metadata.TryGetValue(key, out var value)
        ? value
        : throw new LabException($"the metadata of {Path} have no entry '{key}': was the file written by this lab?");
}
