using System.Globalization;
using System.Numerics;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Gives the tensors of nested dictionaries and lists one name each, joined by dots, and the numbers and texts beside them
/// likewise.
/// </summary>
/// <param name="length">Bytes of the pickle. Values may be shared, so a few bytes could stand for a tree without end: no more
/// values are visited than the pickle has bytes, and their names may not be much longer than it.</param>
/// <param name="find">The place of a storage in the file and its length in bytes; null where there is none.</param>
internal sealed class PickleTree(FileBytes file, long length, Func<string, (long Offset, long Bytes)?> find)
{
    private const int Deepest = 64;
    private const string Root = "tensor";

    private readonly Dictionary<string, StoredTensor> _tensors = [];
    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, string> _unread = [];
    private readonly long _length = length;
    private long _visits = length;
    private long _letters = (1 << 16) + (8 * length);

    /// <exception cref="LabException">Values that are no checkpoint: without end, with two of one name, or with a storage that is
    /// missing or shorter than its tensor.</exception>
    public TensorFile Flatten(object? value, string format)
    {
        Walk("", value, 0);
        return new(file.Path, format, _tensors, _metadata, _unread);
    }

    private void Walk(string name, object? value, int depth)
    {
        Spend(1, name.Length);
        if (depth > Deepest)
            throw file.Broken($"nests its values more than {Deepest} deep");
        switch (value)
        {
            case null:
                break;
            case PickledTensor tensor:
                var own = name.Length > 0 ? name : Root;
                if (!_tensors.TryAdd(own, Stored(own, tensor)))
                    throw file.Broken($"holds two tensors of the name '{own}'");
                break;
            case PickledArray { Unread: { } reason }:
                _unread[name] = reason;
                break;
            case PickledArray array:
                var called = name.Length > 0 ? name : Root;
                if (!_tensors.TryAdd(called, array.Stored(file, called)))
                    throw file.Broken($"holds two tensors of the name '{called}'");
                break;
            case PickledDictionary dictionary:
                foreach (var (key, item) in dictionary.Entries)
                {
                    if (Key(key) is { } text)
                        Walk(Join(name, text), item, depth + 1);
                    else
                        _unread[name] = "has keys that are neither strings nor whole numbers";
                }
                break;
            case IReadOnlyList<object?> items when items.Count > 0 && items.All(IsPlain):
                _metadata[name] = Row(items);
                break;
            case IReadOnlyList<object?> items:
                for (var i = 0; i < items.Count; i++)
                    Walk(Join(name, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1);
                break;
            case var plain when IsPlain(plain):
                _metadata[name] = Text(plain);
                break;
            case PickledObject unread:
                _unread[name] = unread.Why;
                break;
            default:
                _unread[name] = "is no tensor, dictionary, list, tuple, number or string";
                break;
        }
    }

    private StoredTensor Stored(string name, PickledTensor tensor)
    {
        var (storage, key, count) = tensor.Storage;
        var type = storage.Type ?? throw new InvalidOperationException($"the storage of '{name}' is not read");
        if (find(key) is not { } place)
            throw file.Broken($"does not hold the storage '{key}' of the tensor '{name}'");
        if ((Int128)count * type.Size != place.Bytes)
            throw file.Broken($"holds {place.Bytes} bytes in the storage '{key}' of the tensor '{name}', which should be "
                + $"{count} numbers of {type.Size} bytes");
        var empty = file.Count(name, tensor.Shape, type, file.Length) == 0;
        if (!empty && tensor.Offset > count - FileBytes.Reach(tensor.Shape, tensor.Strides))
            throw file.Broken($"has a tensor '{name}' that reaches beyond its storage of {count} numbers");
        var start = place.Offset + (empty ? 0 : tensor.Offset * type.Size);
        return IsContiguous(tensor)
            ? file.Stored(name, type, tensor.Shape, start)
            : file.Stored(name, type, tensor.Shape, tensor.Strides, start);
    }

    private static bool IsContiguous(PickledTensor tensor)
    {
        long expected = 1;
        for (var i = tensor.Shape.Count - 1; i >= 0; i--)
        {
            if (tensor.Shape[i] > 1 && tensor.Strides[i] != expected)
                return false;
            expected *= Math.Max(tensor.Shape[i], 1);
        }
        return true;
    }

    private static string Join(string name, string key) => name.Length > 0 ? name + "." + key : key;

    private static string? Key(object? key) => key switch
    {
        string text => text,
        long or BigInteger or bool => Text(key),
        _ => null,
    };

    private static bool IsPlain(object? value) => value is null or bool or long or BigInteger or double or string;

    private static string Text(object? value) => value switch
    {
        null => "none",
        bool truth => truth ? "true" : "false",
        string text => text,
        _ => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
    };

    private string Row(IReadOnlyList<object?> items)
    {
        foreach (var item in items)
            Spend(1, item is string text ? text.Length : 0);
        return $"[{string.Join(", ", items.Select(Text))}]";
    }

    private void Spend(int visits, int letters)
    {
        _visits -= visits;
        _letters -= letters;
        if (_visits < 0 || _letters < 0)
            throw file.Broken($"holds more values, or longer names, than its {_length} bytes of pickle can mean");
    }
}
