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
