using System.Text;

namespace MfRae.Lab.Learning.Formats;

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
