using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using MfRae.Lab.Core;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Checkpoints as torch.save has written them since version 1.6: a zip archive of NAME/data.pkl, a pickle that names the storages, and
/// NAME/data/KEY, one for each storage. Of the other records only the byte order matters.
/// </summary>
internal sealed class TorchZipReader(FileBytes file, IReadOnlyDictionary<string, ZipMember> members)
{
    private const string Format = "PyTorch checkpoint (zip)";
    private const string Pickle = "data.pkl";

    /// <summary>Whether the members are those of a checkpoint.</summary>
    public static bool Recognises(IReadOnlyDictionary<string, ZipMember> members) => members.Keys.Any(IsPickle);

    /// <summary>Reads the checkpoint.</summary>
    /// <exception cref="LabException">The checkpoint is damaged, or its pickle names functions that run programs.</exception>
    public TensorFile Read()
    {
        var pickles = members.Values.Where(member => IsPickle(member.Name)).ToList();
        if (pickles is not [{ Deflated: false } pickle])
            throw file.Broken($"has {pickles.Count} pickles in its archive, or a compressed one, where torch.save stores one");
        var root = pickle.Name[..^Pickle.Length];
        if (Find(root + "byteorder") is { } order
            && !file.Copy(order.Offset, order.Bytes, "its byte order").AsSpan().SequenceEqual("little"u8))
        {
            throw file.Broken("was written on a big-endian machine; save it again on a little-endian one");
        }

        if (pickle.Length > PickleReader.Longest)
            throw file.Broken($"has a pickle of {pickle.Length} bytes; the limit is {PickleReader.Longest}");

        var cursor = new ByteCursor(file, pickle.Offset, pickle.Offset + pickle.Length, pickle.Name);
        var value = new PickleReader(file, cursor, pickle.Name).Read();
        return new PickleTree(file, cursor.Done, key => Find($"{root}data/{key}")).Flatten(value, Format);
    }

    private static bool IsPickle(string name) =>
        name == Pickle || (name.EndsWith("/" + Pickle, StringComparison.Ordinal) && name.IndexOf('/') == name.Length - Pickle.Length - 1);

    private (long Offset, long Bytes)? Find(string name) =>
        members.TryGetValue(name, out var member) && !member.Deflated ? (member.Offset, member.Length) : null;
}

/// <summary>
/// Checkpoints as torch.save wrote them before version 1.6: pickles of a magic number, a version, the machine, the value and
/// the keys of its storages, then each storage with its length before it.
/// </summary>
internal sealed class TorchLegacyReader(FileBytes file)
{
    private const string Format = "PyTorch checkpoint (legacy)";
    private const long Version = 1001;

    // A pickle of the magic number 0x1950a86a20f9469cfc6c.
    private static readonly byte[] Start =
        [PickleCode.Protocol, 2, PickleCode.Long, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, PickleCode.Stop];

    private readonly ByteCursor _cursor = new(file, 0, Math.Min(file.Length, PickleReader.Longest), "its pickles");

    /// <summary>Whether the file begins with a pickle of the magic number.</summary>
    public static bool Recognises(FileBytes file) =>
        file.Length >= Start.Length && file.Copy(0, Start.Length, "its start").AsSpan().SequenceEqual(Start);

    /// <summary>Reads the checkpoint.</summary>
    /// <exception cref="LabException">The checkpoint is damaged, or one of its pickles names functions that run programs.</exception>
    public TensorFile Read()
    {
        Pickle("its magic number");
        if (Pickle("its version") is not Version)
            throw file.Broken($"is a legacy checkpoint whose version is not {Version}");
        if (Pickle("its machine") is PickledDictionary machine && machine.Find("little_endian") is false)
            throw file.Broken("was written on a big-endian machine; save it again on a little-endian one");

        var begin = _cursor.Position;
        var reader = new PickleReader(file, _cursor, "its value");
        var value = reader.Read();
        var length = _cursor.Position - begin;
        var places = Places(reader.Storages, Pickle("the list of its storages"));
        return new PickleTree(file, length, key => places.TryGetValue(key, out var place) ? place : null).Flatten(value, Format);
    }

    private object? Pickle(string what) => new PickleReader(file, _cursor, what).Read();

    private Dictionary<string, (long Offset, long Bytes)> Places(IReadOnlyList<PickledStorage> storages, object? keys)
    {
        if (keys is not List<object?> list)
            throw file.Broken("has no list of its storages");
        var types = new Dictionary<string, StorageClass>();
        foreach (var storage in storages)
            types[storage.Key] = storage.Class;

        var places = new Dictionary<string, (long Offset, long Bytes)>();
        var at = _cursor.Position;
        foreach (var item in list)
        {
            if (item is not string key || !types.TryGetValue(key, out var type) || places.ContainsKey(key))
                throw file.Broken("lists a storage that no tensor uses, or one twice");
            var count = BinaryPrimitives.ReadInt64LittleEndian(file.Copy(at, sizeof(long), $"the storage '{key}'"));
            at += sizeof(long);
            if (count < 0 || count > (file.Length - at) / type.Size)
                throw file.Broken($"ends at {file.Length}, before the {count} numbers of the storage '{key}' do");
            places[key] = (at, count * type.Size);
            at += count * type.Size;
        }
        return at == file.Length ? places : throw file.Broken($"continues after its last storage, at byte {at}");
    }
}

/// <summary>
/// A pickle outside an archive. It cannot contain tensors, only numbers and strings; it is read so that messages can name its content.
/// </summary>
internal sealed class RawPickleReader(FileBytes file)
{
    private const string Format = "pickle";
    private const string What = "its pickle";

    public static bool Recognises(FileBytes file) =>
        file.Copy(0, Math.Min(2, file.Length), "its start") is [PickleCode.Protocol, >= 2 and <= 5];

    /// <summary>Reads the pickle.</summary>
    /// <exception cref="LabException">The pickle is damaged, or does not consist of numbers and strings.</exception>
    public TensorFile Read()
    {
        var cursor = new ByteCursor(file, 0, Math.Min(file.Length, PickleReader.Longest), What);
        var value = new PickleReader(file, cursor, What).Read();
        return cursor.Position == file.Length
            ? new PickleTree(file, cursor.Done, _ => null).Flatten(value, Format)
            : throw file.Broken($"continues after its pickle, at byte {cursor.Position}");
    }
}

/// <summary>
/// Names the tensors, numbers and strings of nested dictionaries and lists by their keys, joined by dots.
/// </summary>
/// <param name="length">Bytes of the pickle. Values may be shared, so that a few bytes could describe an endless tree: the number of
/// visited values is limited by the number of bytes, and so is the total length of the names.</param>
/// <param name="find">The offset of a storage in the file and its length in bytes; null for a missing storage.</param>
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

    /// <summary>Visits the tree.</summary>
    /// <exception cref="LabException">The tree is endless, has two tensors of one name, or a storage that is missing or shorter than its
    /// tensor.</exception>
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
                _unread[name] = "is not a tensor, dictionary, list, tuple, number or string";
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
        {
            throw file.Broken($"holds {place.Bytes} bytes in the storage '{key}' of the tensor '{name}', which should be "
                + $"{count} numbers of {type.Size} bytes");
        }

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
            throw file.Broken($"holds more values or longer names than its pickle of {_length} bytes can describe");
    }
}
