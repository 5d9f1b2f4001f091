using System.Text;
using MfRae.Lab.Core;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// A function or class that a pickle names. These few are known by name and stood in for. Nothing is looked up: every other name becomes a
/// <see cref="PickledObject"/>, which does nothing.
/// </summary>
/// <param name="Name">module.name</param>
/// <param name="Storage">What a storage holds, where it is a class of storages.</param>
internal sealed record PickledGlobal(string Name, StorageClass? Storage = null)
{
    public const string OrderedDictionary = "collections.OrderedDict";
    public const string DefaultDictionary = "collections.defaultdict";
    public const string Tensor = "torch._utils._rebuild_tensor_v2";
    public const string OldTensor = "torch._utils._rebuild_tensor";
    public const string Parameter = "torch._utils._rebuild_parameter";
    public const string StatefulParameter = "torch._utils._rebuild_parameter_with_state";
    public const string Size = "torch.Size";
    public const string Array = "numpy.core.multiarray._reconstruct";
    public const string NewArray = "numpy._core.multiarray._reconstruct";
    public const string ArrayClass = "numpy.ndarray";
    public const string Numbers = "numpy.dtype";
    public const string Encode = "_codecs.encode";

    private static readonly IReadOnlyList<PickledGlobal> Known =
    [
        new(OrderedDictionary), new(DefaultDictionary), new(Tensor), new(OldTensor), new(Parameter), new(StatefulParameter), new(Size),
        new(Array), new(NewArray), new(ArrayClass), new(Numbers), new(Encode),
        .. StorageClass.All.Select(storage => new PickledGlobal("torch." + storage.Name, storage)),
    ];

    // Modules and functions by which a pickle runs programs. No checkpoint needs them: a file that names one attacks readers in Python.
    private static readonly HashSet<string> Attacking =
    [
        "os", "posix", "nt", "sys", "subprocess", "shutil", "pty", "socket", "runpy", "importlib", "ctypes", "webbrowser",
        "builtins.eval", "builtins.exec", "builtins.compile", "builtins.open", "builtins.__import__",
        "__builtin__.eval", "__builtin__.execfile", "__builtin__.compile", "__builtin__.open", "__builtin__.file", "__builtin__.__import__",
    ];

    public static PickledGlobal? Find(string name) => Known.FirstOrDefault(known => known.Name == name);

    /// <summary>Whether a name serves to run programs.</summary>
    public static bool Attacks(string name) =>
        Attacking.Contains(name) || (name.IndexOf('.') is > 0 and var dot && Attacking.Contains(name[..dot]));
}

/// <summary>A class of PyTorch storages.</summary>
/// <param name="Size">Bytes of one number.</param>
/// <param name="Type">Null where the numbers are not read.</param>
internal sealed record StorageClass(string Name, int Size, ElementType? Type)
{
    public static readonly IReadOnlyList<StorageClass> All =
    [
        .. ElementType.All.Select(type => new StorageClass(type.Storage, type.Size, type)),
        new("ComplexFloatStorage", 8, null), new("ComplexDoubleStorage", 16, null),
        new("QInt8Storage", 1, null), new("QUInt8Storage", 1, null), new("QInt32Storage", 4, null),
    ];
}

/// <summary>
/// A value of a pickle that is not read: an object, a function, or the result of calling one. It accepts every state and every item and
/// keeps none.
/// </summary>
/// <param name="Name">What the pickle asks for: module.name, or the kind of value.</param>
/// <param name="Place">The byte of the file that asks for it.</param>
internal sealed record PickledObject(string Name, long Place)
{
    /// <summary>The reason why it is not read, as a predicate.</summary>
    public string Why => FormattableString.Invariant(
        $"asks for '{FileFormats.Printable(Name)}' at byte {Place}, which is refused: nothing of the file was run");
}

/// <summary>A dictionary of a pickle, in its order.</summary>
internal sealed class PickledDictionary
{
    private List<KeyValuePair<object?, object?>>? _entries;

    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries ?? [];

    public void Add(object? key, object? value) => (_entries ??= []).Add(new(key, value));

    /// <summary>The value of a text key, or null.</summary>
    public object? Find(string key) => Entries.FirstOrDefault(entry => entry.Key is string text && text == key).Value;
}

/// <summary>Bytes of a pickle, as Python 3 writes them where Python 2 must be able to read them: a text of one letter for each.</summary>
internal sealed record PickledBytes(byte[] Content);

/// <summary>What a pickle says of the memory behind tensors; several may share one.</summary>
/// <param name="Key">The name of its record.</param>
/// <param name="Count">Its length in numbers.</param>
internal sealed record PickledStorage(StorageClass Class, string Key, long Count);

/// <summary>What a pickle says of a tensor.</summary>
/// <param name="Offset">Of its first element in the storage, in numbers.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);

/// <summary>An array of numpy inside a pickle, empty until its state has been read.</summary>
internal sealed class PickledArray
{
    private PickledNumbers? _type;
    private byte[] _values = [];
    private IReadOnlyList<long> _shape = [];
    private bool _fortran;

    /// <summary>The reason why it is not read, as a predicate; null where it is read.</summary>
    public string? Unread => _type?.Type is null ? $"is an array of '{FileFormats.Printable(_type?.Name ?? "nothing")}', which is not read" : null;

    /// <summary>
    /// (version, shape, type, whether the first index runs fastest, values). The values of arrays of objects are a list, which is dropped.
    /// False where it is another state.
    /// </summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, object?[] shape, PickledNumbers type, bool fortran, var values]
            || !shape.All(extent => extent is long and >= 0) || (values is not PickledBytes && type.Type is not null))
            return false;
        (_type, _values, _shape, _fortran) = (type, (values as PickledBytes)?.Content ?? [], [.. shape.Cast<long>()], fortran);
        return true;
    }

    /// <exception cref="MfRae.Lab.Core.LabException">More or fewer numbers than the shape has.</exception>
    public StoredTensor Stored(FileBytes file, string name)
    {
        var type = _type?.Type ?? throw new InvalidOperationException($"'{name}' is not read");
        var bytes = FileBytes.Of(file.Path, _values);
        if (bytes.Count(name, _shape, type, _values.Length) * type.Size != _values.Length)
            throw file.Broken($"holds {_values.Length} bytes for the array '{name}' [{string.Join(", ", _shape)}]");
        if (!_fortran)
            return bytes.Stored(name, type, _shape, 0);
        var turned = bytes.Stored(name, type, [.. _shape.Reverse()], 0);
        long[] axes = [.. Enumerable.Range(0, _shape.Count).Select(axis => _shape.Count - 1L - axis)];
        return new(type.Type, _shape, () => turned.Read().permute(axes));
    }
}

/// <summary>A type of numpy's inside a pickle.</summary>
/// <param name="name">As `f8`.</param>
internal sealed class PickledNumbers(string name)
{
    private bool _bigEndian;
    private bool _structured;

    public string Name => _bigEndian ? ">" + name : name;

    /// <summary>Null where it is none that is read.</summary>
    public ElementType? Type => _bigEndian || _structured ? null : ElementType.All.FirstOrDefault(type => type.Numpy.Length > 0 && type.Numpy == name);

    /// <summary>(version, byte order, and what only types of several fields have). False where it is another state.</summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, "<" or ">" or "|" or "=", _, _, _, ..])
            return false;
        _bigEndian = state[1] is ">";
        _structured = state[2] is not null || state[3] is not null || state[4] is not null;
        return true;
    }
}

/// <summary>What the few calls in a checkpoint's pickle stand for.</summary>
internal static class PickleCalls
{
    /// <summary>The value of a call; null where the arguments are not those of the function.</summary>
    public static object? Result(PickledGlobal function, object?[] arguments) => (function.Name, arguments) switch
    {
        (PickledGlobal.OrderedDictionary, []) => new PickledDictionary(),
        (PickledGlobal.OrderedDictionary, [List<object?> pairs]) => Dictionary(pairs),
        (PickledGlobal.DefaultDictionary, [] or [_]) => new PickledDictionary(),
        (PickledGlobal.Size, [object?[] extents]) => extents,
        (PickledGlobal.Parameter or PickledGlobal.StatefulParameter, [PickledTensor tensor, ..]) => tensor,
        (PickledGlobal.Tensor or PickledGlobal.OldTensor,
            [PickledStorage { Class.Type: not null } storage, long offset, object?[] shape, object?[] strides, ..]) => Tensor(storage, offset, shape, strides),
        (PickledGlobal.Array or PickledGlobal.NewArray, [PickledGlobal { Name: PickledGlobal.ArrayClass }, object?[], PickledBytes]) =>
            new PickledArray(),
        (PickledGlobal.Numbers, [string name, bool or long, bool or long]) => new PickledNumbers(name),
        (PickledGlobal.Encode, [string letters, "latin1"]) => Bytes(letters),
        _ => null,
    };

    /// <summary>
    /// The first argument of a call that is not read, or null. The result of the call is then not read either: it alone is refused, and only
    /// when it is asked for.
    /// </summary>
    public static PickledObject? Unread(object?[] arguments, long place) => arguments.FirstOrDefault(argument =>
        argument is PickledObject or PickledStorage { Class.Type: null }) switch
    {
        PickledObject unread => unread,
        PickledStorage storage => new($"torch.{storage.Class.Name}", place),
        _ => null,
    };

    /// <summary>
    /// ('storage', class, key, device, count): the memory behind tensors. Legacy files have a sixth entry for a part of
    /// another storage, which torch has not written since version 0.3; anything but None there is refused.
    /// </summary>
    public static PickledStorage? Storage(object?[] id) => id switch
    {
        ["storage", PickledGlobal { Storage: { } type }, string key, string, long count and >= 0] => new(type, key, count),
        ["storage", PickledGlobal { Storage: { } type }, string key, string, long count and >= 0, null] => new(type, key, count),
        _ => null,
    };

    private static PickledBytes? Bytes(string letters) =>
        letters.All(letter => letter <= byte.MaxValue) ? new(Encoding.Latin1.GetBytes(letters)) : null;

    // As Python 2 wrote ordered dictionaries.
    private static PickledDictionary? Dictionary(List<object?> pairs)
    {
        var dictionary = new PickledDictionary();
        foreach (var pair in pairs)
        {
            if (pair is not List<object?> { Count: 2 } entry)
                return null;
            dictionary.Add(entry[0], entry[1]);
        }
        return dictionary;
    }

    private static PickledTensor? Tensor(PickledStorage storage, long offset, object?[] shape, object?[] strides) =>
        offset >= 0 && shape.Length == strides.Length && shape.All(IsSize) && strides.All(IsSize)
            ? new(storage, offset, [.. shape.Cast<long>()], [.. strides.Cast<long>()])
            : null;

    private static bool IsSize(object? value) => value is long and >= 0;
}
