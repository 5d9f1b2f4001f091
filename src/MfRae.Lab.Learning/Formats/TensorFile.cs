using MfRae.Lab.Core.Experiments;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Named tensors of a file, whatever its format. Opening reads names, types and shapes; values are read when they are asked
/// for. The tensors look into the mapped file, which stays mapped as long as one of them lives, and belongs to the dispose
/// scope in which the file was opened.
/// </summary>
public sealed class TensorFile
{
    internal TensorFile(
        string path, string format, IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Path = path;
        Format = format;
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Tensors that are in memory already, under the name of a file.</summary>
    public TensorFile(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
        : this(path, "memory", tensors.ToDictionary(entry => entry.Key, entry => StoredTensor.Of(entry.Value)), metadata)
    {
    }

    public string Path { get; }

    /// <summary>The format in words, as `weights inspect` shows it.</summary>
    public string Format { get; }

    /// <summary>By name; those of nested dictionaries are joined by dots, as `ema.pos_embed`.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Texts, and in checkpoints numbers, that stand beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The values of a tensor, as <see cref="StoredTensor.Read"/> gives them.</summary>
    /// <exception cref="LabException">There is no such tensor.</exception>
    public Tensor this[string name] => Tensors.TryGetValue(name, out var tensor)
        ? tensor.Read()
        : throw new LabException($"{Path} holds no tensor '{name}'");

    /// <summary>
    /// Opens safetensors, a PyTorch checkpoint (zip or legacy), .npz or .npy, recognised by content. `PATH::ema` opens the
    /// dictionary `ema` inside the file. Nothing in a file is executed.
    /// </summary>
    /// <exception cref="LabException">The file is missing, of none of these formats, damaged, or asks for code to be run.</exception>
    public static TensorFile Open(string path) => FileFormats.Open(path);

    /// <exception cref="LabException">There is no such entry.</exception>
    public string Meta(string key) => Metadata.TryGetValue(key, out var value)
        ? value
        : throw new LabException($"the metadata of {Path} have no entry '{key}': was the file written by this lab?");

    /// <summary>What a nested dictionary holds, under its own names.</summary>
    /// <exception cref="LabException">There is no such dictionary, or it holds no tensors.</exception>
    public TensorFile At(string dictionary)
    {
        var prefix = dictionary + ".";
        var inside = Inside(Tensors, prefix);
        return inside.Count > 0
            ? new($"{Path}::{dictionary}", Format, inside, Inside(Metadata, prefix))
            : throw new LabException($"{Path} holds no dictionary '{dictionary}' with tensors; it has {Dictionaries()}");
    }

    private static Dictionary<string, T> Inside<T>(IReadOnlyDictionary<string, T> entries, string prefix) => entries
        .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    private string Dictionaries()
    {
        const int shown = 10;
        var first = Tensors.Keys.Where(name => name.Contains('.')).Select(name => name[..name.IndexOf('.')]).Distinct().ToList();
        return first.Count == 0 ? "none" : string.Join(", ", first.Take(shown)) + (first.Count > shown ? ", …" : "");
    }
}
