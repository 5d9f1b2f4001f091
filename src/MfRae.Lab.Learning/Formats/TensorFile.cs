using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Named tensors of a file, whatever its format. Opening reads names, types and shapes; values are read when they are asked
/// for. The tensors look into the mapped file, which stays mapped as long as one of them lives, and belongs to the dispose
/// scope in which the file was opened.
/// </summary>
public sealed class TensorFile
{
    private const int Shown = 10;

    /// <exception cref="LabException">Nothing in the file can be read.</exception>
    internal TensorFile(
        string path, string format, IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata,
        IReadOnlyDictionary<string, string>? unread = null)
    {
        Path = path;
        Format = format;
        Tensors = tensors;
        Metadata = metadata;
        Unread = unread ?? new Dictionary<string, string>();
        if (tensors.Count == 0 && metadata.Count == 0 && Unread.Count > 0)
            throw new LabException($"the file {path} holds nothing that can be read: {Reason(Unread.Keys.First())}{Advice}");
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

    /// <summary>
    /// Values that are not read, by name, each with the reason as a predicate: Python objects, tensors of other types, other files of an
    /// archive. They are refused when they are asked for. The name may be that of a dictionary.
    /// </summary>
    public IReadOnlyDictionary<string, string> Unread { get; }

    /// <summary>The values of a tensor, as <see cref="StoredTensor.Read"/> gives them.</summary>
    /// <exception cref="LabException">There is no such tensor, or it is not read.</exception>
    public Tensor this[string name] => Stored(name).Read();

    /// <summary>Whether the file has a value of this name, read or not.</summary>
    public bool Names(string name) => Tensors.ContainsKey(name) || Unread.ContainsKey(name);

    /// <summary>A tensor without its values.</summary>
    /// <exception cref="LabException">There is no such tensor, or it is not read.</exception>
    public StoredTensor Stored(string name) => Tensors.TryGetValue(name, out var tensor) ? tensor : throw Missing(name);

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
        var (inside, unread) = (Inside(Tensors, prefix), Inside(Unread, prefix));
        if (inside.Count > 0 || unread.Count > 0)
            return new($"{Path}{WeightPath.Inside}{dictionary}", Format, inside, Inside(Metadata, prefix), unread);
        throw Container(dictionary) is { } container
            ? new LabException($"{Path} holds no dictionary '{dictionary}' with tensors: {Reason(container)}{Advice}")
            : new LabException($"{Path} holds no dictionary '{dictionary}' with tensors; it has {Dictionaries()}");
    }

    /// <summary>The nested dictionaries that have tensors of all these names, as `ema.module`.</summary>
    public IReadOnlyList<string> Nesting(IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return [];
        var end = "." + names.First();
        return
        [
            .. Tensors.Keys.Where(name => name.EndsWith(end, StringComparison.Ordinal)).Select(name => name[..^end.Length])
                .Where(dictionary => names.All(name => Tensors.ContainsKey($"{dictionary}.{name}"))),
        ];
    }

    /// <summary>What to write for the nested dictionaries that have tensors of all these names, for a message; empty where there are none.</summary>
    public string NestingAdvice(IReadOnlyCollection<string> names)
    {
        var separator = Path.Contains(WeightPath.Inside, StringComparison.Ordinal) ? "." : WeightPath.Inside;
        var paths = Nesting(names).Take(Shown).Select(dictionary => Path + separator + dictionary).ToList();
        return paths.Count > 0 ? $". It is nested in the file: write {string.Join(" or ", paths)}" : "";
    }

    // The value that is not read and of which a name would be a part.
    private string? Container(string name)
    {
        while (!Unread.ContainsKey(name) && name.Length > 0)
            name = name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : "";
        return Unread.ContainsKey(name) ? name : null;
    }

    private string Reason(string name) => $"{(name.Length > 0 ? $"'{name}'" : "its content")} {Unread[name]}";

    private LabException Missing(string name) => Container(name) is { } container
        ? new($"{Path} holds no tensor '{name}': {Reason(container)}{Advice}")
        : new($"{Path} holds no tensor '{name}'{NestingAdvice([name])}");

    // Pickles alone have objects around weights.
    private string Advice => Tensors.Count == 0 || Format.Contains("PyTorch", StringComparison.Ordinal)
        ? ". Save the weights alone, as by torch.save(model.state_dict(), …)"
        : "";

    private static Dictionary<string, T> Inside<T>(IReadOnlyDictionary<string, T> entries, string prefix) => entries
        .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    private string Dictionaries()
    {
        var first = Tensors.Keys.Where(name => name.Contains('.')).Select(name => name[..name.IndexOf('.')]).Distinct().ToList();
        return first.Count == 0 ? "none" : string.Join(", ", first.Take(Shown)) + (first.Count > Shown ? ", …" : "");
    }
}
