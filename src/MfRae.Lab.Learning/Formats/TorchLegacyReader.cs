using System.Buffers.Binary;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

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

    /// <exception cref="LabException">The checkpoint is damaged, or one of its pickles asks for more than tensors.</exception>
    public TensorFile Read()
    {
        Pickle("its magic number");
        if (Pickle("its version") is not Version)
            throw file.Broken($"is a legacy checkpoint of another version than {Version}");
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
        return at == file.Length ? places : throw file.Broken($"goes on after its last storage, at {at}");
    }
}
