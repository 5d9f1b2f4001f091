using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// The named tensors of a file of any known format. Opening reads names, types and shapes; values are read on demand. The tensors refer
/// to the mapped file, which stays mapped as long as one of them lives, and belongs to the dispose scope in which the file was opened.
/// </summary>
public sealed class TensorFile
{
    private const int Shown = 10;

    /// <exception cref="LabException">The file has no readable content.</exception>
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
            throw new LabException($"the file {path} has no readable content: {Reason(Unread.Keys.First())}{Advice}");
    }

    /// <summary>Tensors in memory, under the name of a file.</summary>
    public TensorFile(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
        : this(path, "memory", tensors.ToDictionary(entry => entry.Key, entry => StoredTensor.Of(entry.Value)), metadata)
    {
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The format in words, as `weights inspect` shows it.</summary>
    public string Format { get; }

    /// <summary>The tensors by name. Names of nested dictionaries are joined by dots, as `ema.pos_embed`.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Strings in addition to the tensors; checkpoints have numbers too.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// Unread values by name, each with the reason as a predicate: Python objects, tensors of unsupported types, other files of an archive.
    /// Access to them fails. A name may be that of a dictionary.
    /// </summary>
    public IReadOnlyDictionary<string, string> Unread { get; }

    /// <summary>The values of a tensor, as <see cref="StoredTensor.Read"/> gives them.</summary>
    /// <exception cref="LabException">The file has no readable tensor of that name.</exception>
    public Tensor this[string name] => Stored(name).Read();

    /// <summary>Whether the file has a value of this name, read or not.</summary>
    public bool Names(string name) => Tensors.ContainsKey(name) || Unread.ContainsKey(name);

    /// <summary>The description of a tensor.</summary>
    /// <exception cref="LabException">The file has no readable tensor of that name.</exception>
    public StoredTensor Stored(string name) => Tensors.TryGetValue(name, out var tensor) ? tensor : throw Missing(name);

    /// <summary>
    /// Opens safetensors, a PyTorch checkpoint (zip or legacy), .npz or .npy, recognised by content. `PATH::ema` opens the
    /// dictionary `ema` inside the file. No code in a file is executed.
    /// </summary>
    /// <exception cref="LabException">The file is missing, damaged, in another format, or names functions that run programs.</exception>
    public static TensorFile Open(string path) => FileFormats.Open(path);

    /// <summary>An entry of the metadata.</summary>
    /// <exception cref="LabException">The metadata have no such entry.</exception>
    public string Meta(string key) => Metadata.TryGetValue(key, out var value)
        ? value
        : throw new LabException($"the metadata of {Path} have no entry '{key}': the lab did not write this file");

    /// <summary>The content of a nested dictionary, under the names within it.</summary>
    /// <exception cref="LabException">The file has no such dictionary with tensors.</exception>
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

    /// <summary>The nested dictionaries that contain tensors of all these names, as `ema.module`.</summary>
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

    /// <summary>Advice for a message: the paths of the nested dictionaries that contain all these names, or an empty string.</summary>
    public string NestingAdvice(IReadOnlyCollection<string> names)
    {
        var separator = Path.Contains(WeightPath.Inside, StringComparison.Ordinal) ? "." : WeightPath.Inside;
        var paths = Nesting(names).Take(Shown).Select(dictionary => Path + separator + dictionary).ToList();
        return paths.Count > 0 ? $". It is nested in the file: write {string.Join(" or ", paths)}" : "";
    }

    // The unread value that a name would be a part of.
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

    // Only pickles have objects around weights.
    private string Advice => Tensors.Count == 0 || Format.Contains("PyTorch", StringComparison.Ordinal)
        ? ". Save only the weights, as with torch.save(model.state_dict(), …)"
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

/// <summary>A tensor of a file: its description, and access to its values.</summary>
public sealed class StoredTensor
{
    private readonly Func<Tensor> _read;
    private readonly Action<Tensor>? _copy;

    /// <param name="copy">Copies the values in less memory than <paramref name="read"/> takes; null without such a way.</param>
    internal StoredTensor(ScalarType type, IReadOnlyList<long> shape, Func<Tensor> read, Action<Tensor>? copy = null)
    {
        Type = type;
        Shape = shape;
        _read = read;
        _copy = copy;
    }

    /// <summary>The type of the numbers.</summary>
    public ScalarType Type { get; }

    /// <summary>The size of each dimension.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>
    /// The values on the CPU, without gradient: a view of the mapped file where possible, so that repeated reads may share memory; it
    /// may have strides. It belongs to the caller's dispose scope.
    /// </summary>
    public Tensor Read() => _read();

    /// <summary>
    /// Copies the values to a contiguous tensor of the same shape, of any type and on any device. Of the file, only a piece of some
    /// megabytes is in memory at a time, so that a large network is not in memory twice while it is loaded.
    /// </summary>
    public void CopyTo(Tensor target)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        if (_copy is null)
            target.copy_(Read());
        else
            _copy(target);
    }

    internal static StoredTensor Of(Tensor value) => new(value.dtype, value.shape, value.detach);
}

/// <summary>A supported type of numbers, with its name in each format.</summary>
/// <param name="Type">The type in torch.</param>
/// <param name="Size">Bytes of one number.</param>
/// <param name="Safetensors">The name in a safetensors header.</param>
/// <param name="Storage">The class of PyTorch storages of this type.</param>
/// <param name="Numpy">The name in an .npy header, without the byte order; empty where numpy has no such type.</param>
internal sealed record ElementType(ScalarType Type, int Size, string Safetensors, string Storage, string Numpy)
{
    public static readonly IReadOnlyList<ElementType> All =
    [
        new(ScalarType.Float64, 8, "F64", "DoubleStorage", "f8"),
        new(ScalarType.Float32, 4, "F32", "FloatStorage", "f4"),
        new(ScalarType.Float16, 2, "F16", "HalfStorage", "f2"),
        new(ScalarType.BFloat16, 2, "BF16", "BFloat16Storage", ""),
        new(ScalarType.Int64, 8, "I64", "LongStorage", "i8"),
        new(ScalarType.Int32, 4, "I32", "IntStorage", "i4"),
        new(ScalarType.Int16, 2, "I16", "ShortStorage", "i2"),
        new(ScalarType.Int8, 1, "I8", "CharStorage", "i1"),
        new(ScalarType.Byte, 1, "U8", "ByteStorage", "u1"),
        new(ScalarType.Bool, 1, "BOOL", "BoolStorage", "b1"),
    ];

    public static readonly ElementType Byte = Of(ScalarType.Byte);

    /// <summary>The element type of a torch type.</summary>
    /// <exception cref="ArgumentException">The lab does not support the type.</exception>
    public static ElementType Of(ScalarType type) => All.FirstOrDefault(entry => entry.Type == type)
        ?? throw new ArgumentException($"tensors of type {type} cannot be stored", nameof(type));
}

/// <summary>Detects the format of a file by its content, and reads the file.</summary>
internal static class FileFormats
{
    public static TensorFile Open(string path)
    {
        var split = File.Exists(path) ? -1 : path.LastIndexOf(WeightPath.Inside, StringComparison.Ordinal);
        return split < 0 ? Read(FileBytes.Open(path)) : Read(FileBytes.Open(path[..split])).At(path[(split + WeightPath.Inside.Length)..]);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="LabException">The content is damaged, in an unknown format, or names functions that run programs.</exception>
    public static TensorFile Read(FileBytes file)
    {
        if (ZipDirectory.Recognises(file))
            return ReadArchive(file);
        if (TorchLegacyReader.Recognises(file))
            return new TorchLegacyReader(file).Read();
        if (NpyReader.Recognises(file))
            return new NpyReader(file).ReadArray();
        // A damaged header length can have any value, so the extension counts too.
        if (SafetensorsReader.Recognises(file) || file.Path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return new SafetensorsReader(file).Read();
        if (RawPickleReader.Recognises(file))
            return new RawPickleReader(file).Read();
        var start = Printable(Encoding.Latin1.GetString(file.Copy(0, Math.Min(20, file.Length), "its start")));
        throw new LabException($"the file {file.Path} begins with '{start}': it is neither safetensors nor a PyTorch "
            + "checkpoint, .npz or .npy. A web page or a Git LFS pointer means that the download failed");
    }

    private static TensorFile ReadArchive(FileBytes file)
    {
        var members = new ZipDirectory(file).Read();
        return TorchZipReader.Recognises(members) ? new TorchZipReader(file, members).Read()
            : NpyReader.Recognises(members) ? new NpyReader(file).ReadArchive(members)
            : throw new LabException($"the file {file.Path} is a zip archive, but neither a PyTorch checkpoint (data.pkl) nor .npz "
                + $"(.npy only): it holds {string.Join(", ", members.Keys.Order(StringComparer.Ordinal).Take(5))}");
    }

    /// <summary>Text of a file for a message: shortened, and without control characters.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Take(200).Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
}
