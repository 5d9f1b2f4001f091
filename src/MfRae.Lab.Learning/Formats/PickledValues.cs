using System.Text;
using MfRae.Lab.Core;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// A function or class that a pickle names. The reader knows these few by name and has its own code for them. It looks up no other name:
/// every other name becomes a <see cref="PickledObject"/>, which has no behaviour.
/// </summary>
/// <param name="Name">module.name</param>
/// <param name="Storage">The type of the numbers, if the name is a class of storages.</param>
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

    // Modules and functions with which a pickle runs programs. No checkpoint needs them: a file that names one attacks readers in Python.
    private static readonly HashSet<string> Attacking =
    [
        "os", "posix", "nt", "sys", "subprocess", "shutil", "pty", "socket", "runpy", "importlib", "ctypes", "webbrowser",
        "builtins.eval", "builtins.exec", "builtins.compile", "builtins.open", "builtins.__import__",
        "__builtin__.eval", "__builtin__.execfile", "__builtin__.compile", "__builtin__.open", "__builtin__.file", "__builtin__.__import__",
    ];

    public static PickledGlobal? Find(string name) => Known.FirstOrDefault(known => known.Name == name);

    /// <summary>Whether a name is one of these functions, or belongs to one of these modules.</summary>
    public static bool Attacks(string name) =>
        Attacking.Contains(name) || (name.IndexOf('.') is > 0 and var dot && Attacking.Contains(name[..dot]));
}

/// <summary>A class of PyTorch storages.</summary>
/// <param name="Size">Bytes of one number.</param>
/// <param name="Type">Null for unsupported types.</param>
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
/// An unread value of a pickle: an object, a function, or the result of a call. It accepts every state and every item and ignores them.
/// </summary>
/// <param name="Name">module.name, or the kind of value.</param>
/// <param name="Place">The offset in the file of the instruction that makes the value.</param>
internal sealed record PickledObject(string Name, long Place)
{
    /// <summary>The reason why the value is not read, as a predicate.</summary>
    public string Why => FormattableString.Invariant(
        $"asks for '{FileFormats.Printable(Name)}' at byte {Place}, which is refused: no code of the file was run");
}

/// <summary>A dictionary of a pickle, in insertion order.</summary>
internal sealed class PickledDictionary
{
    private List<KeyValuePair<object?, object?>>? _entries;

    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries ?? [];

    public void Add(object? key, object? value) => (_entries ??= []).Add(new(key, value));

    /// <summary>The value of a string key, or null.</summary>
    public object? Find(string key) => Entries.FirstOrDefault(entry => entry.Key is string text && text == key).Value;
}

/// <summary>Bytes of a pickle in the form that Python 2 can read: a string with one character for each byte.</summary>
internal sealed record PickledBytes(byte[] Content);

/// <summary>The description of a storage, the memory of tensors, in a pickle. Several tensors may share a storage.</summary>
/// <param name="Key">The name of the storage's record.</param>
/// <param name="Count">The length of the storage in numbers.</param>
internal sealed record PickledStorage(StorageClass Class, string Key, long Count);

/// <summary>The description of a tensor in a pickle.</summary>
/// <param name="Offset">The offset of the first element in the storage, in numbers.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides);

/// <summary>A numpy array in a pickle, empty until its state has been read.</summary>
internal sealed class PickledArray
{
    private PickledNumbers? _type;
    private byte[] _values = [];
    private IReadOnlyList<long> _shape = [];
    private bool _fortran;

    /// <summary>The reason why the array is not read, as a predicate; null where it is read.</summary>
    public string? Unread =>
        _type?.Type is null ? $"is an array of '{FileFormats.Printable(_type?.Name ?? "nothing")}', which is not supported" : null;

    /// <summary>
    /// Takes (version, shape, type, whether the first index runs fastest, values). The values of arrays of objects are a list, which is
    /// dropped. Returns false for any other state.
    /// </summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, object?[] shape, PickledNumbers type, bool fortran, var values]
            || !shape.All(extent => extent is long and >= 0) || (values is not PickledBytes && type.Type is not null))
        {
            return false;
        }

        (_type, _values, _shape, _fortran) = (type, (values as PickledBytes)?.Content ?? [], [.. shape.Cast<long>()], fortran);
        return true;
    }

    /// <exception cref="MfRae.Lab.Core.LabException">The number of values does not fit the shape.</exception>
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

/// <summary>A numpy type in a pickle.</summary>
/// <param name="name">The name, as `f8`.</param>
internal sealed class PickledNumbers(string name)
{
    private bool _bigEndian;
    private bool _structured;

    public string Name => _bigEndian ? ">" + name : name;

    /// <summary>The type of the numbers; null for unsupported types.</summary>
    public ElementType? Type => _bigEndian || _structured ? null : ElementType.All.FirstOrDefault(type => type.Numpy.Length > 0 && type.Numpy == name);

    /// <summary>
    /// Takes (version, byte order, and entries that only types with several fields have). Returns false for any other state.
    /// </summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, "<" or ">" or "|" or "=", _, _, _, ..])
            return false;
        _bigEndian = state[1] is ">";
        _structured = state[2] is not null || state[3] is not null || state[4] is not null;
        return true;
    }
}

/// <summary>The meaning of the few calls in the pickle of a checkpoint.</summary>
internal static class PickleCalls
{
    /// <summary>The value of a call; null where the arguments do not fit the function.</summary>
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
    /// The first argument of a call that is not read, or null. Then the result of the call is not read either: only this result is refused,
    /// and only when it is used.
    /// </summary>
    public static PickledObject? Unread(object?[] arguments, long place) => arguments.FirstOrDefault(argument =>
        argument is PickledObject or PickledStorage { Class.Type: null }) switch
    {
        PickledObject unread => unread,
        PickledStorage storage => new($"torch.{storage.Class.Name}", place),
        _ => null,
    };

    /// <summary>
    /// Reads ('storage', class, key, device, count): the memory of tensors. Legacy files have a sixth entry for a part of another storage,
    /// which torch has not written since version 0.3; any value but None is refused.
    /// </summary>
    public static PickledStorage? Storage(object?[] id) => id switch
    {
        ["storage", PickledGlobal { Storage: { } type }, string key, string, long count and >= 0] => new(type, key, count),
        ["storage", PickledGlobal { Storage: { } type }, string key, string, long count and >= 0, null] => new(type, key, count),
        _ => null,
    };

    private static PickledBytes? Bytes(string letters) =>
        letters.All(letter => letter <= byte.MaxValue) ? new(Encoding.Latin1.GetBytes(letters)) : null;

    // The form in which Python 2 wrote ordered dictionaries.
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
