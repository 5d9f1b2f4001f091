using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Arrays of numpy, alone in an .npy file or in an .npz archive of several.</summary>
internal sealed class NpyReader(FileBytes file)
{
    public const string Suffix = ".npy";
    private const string Single = "arr_0";

    // Deflate packs at most 1:1032. What unpacks beyond this is meant to fill memory: no measurement is so regular.
    private const long MostExpansion = 100;
    private const long SmallEnough = 1 << 16;
    private const int Chunk = 1 << 22;

    private readonly Dictionary<string, StoredTensor> _arrays = [];
    private readonly Dictionary<string, string> _unread = [];

    public static bool Recognises(FileBytes file) => NpyHeader.Recognises(file.Copy(0, Math.Min(8, file.Length), "its start"));

    public static bool Recognises(IReadOnlyDictionary<string, ZipMember> members) =>
        members.Keys.Any(IsArray);

    /// <summary>The array of an .npy file, under the name that numpy gives to arrays without one: `arr_0`.</summary>
    /// <exception cref="LabException">The file is damaged, or holds something else than numbers.</exception>
    public TensorFile ReadArray()
    {
        Add(Single, Stored(Single, 0, file.Length));
        return new(file.Path, "npy", _arrays, new Dictionary<string, string>(), _unread);
    }

    /// <summary>The arrays of an .npz archive. Other members, and arrays of other types, are named as unread.</summary>
    /// <exception cref="LabException">The file is damaged, or an array would unpack to much more than the file.</exception>
    public TensorFile ReadArchive(IReadOnlyDictionary<string, ZipMember> members)
    {
        var unpacked = members.Values.Where(member => member.Deflated).Aggregate((Int128)0, (sum, member) => sum + member.Length);
        if (unpacked > SmallEnough + ((Int128)MostExpansion * file.Length))
            throw file.Broken($"would unpack to {unpacked} bytes, more than {MostExpansion} times its own");
        foreach (var member in members.Values)
        {
            if (IsArray(member.Name))
                Add(member.Name[..^Suffix.Length], member.Deflated ? Packed(member) : Stored(member.Name, member.Offset, member.Length));
            else
                _unread[member.Name] = "is a file in the archive that is no array of numpy";
        }
        return new(file.Path, "npz", _arrays, new Dictionary<string, string>(), _unread);
    }

    private static bool IsArray(string member) => member.EndsWith(Suffix, StringComparison.Ordinal);

    private void Add(string name, (StoredTensor? Array, string Unread) found)
    {
        if (found.Array is { } array)
            _arrays[name] = array;
        else
            _unread[name] = found.Unread;
    }

    private (StoredTensor? Array, string Unread) Stored(string name, long offset, long length)
    {
        var header = NpyHeader.Read(file, name, count => file.Copy(offset, Math.Min(count, length), $"the array '{name}'"));
        if (header.Type is not { } type)
            return (null, header.Unread);
        CheckLength(name, header, type, length);
        var rowMajor = header.Fortran ? header.Shape.Reverse().ToList() : header.Shape;
        var values = file.Stored(name, type, rowMajor, offset + header.Length);
        return (new(type.Type, header.Shape, () => Arranged(values.Read(), header, type)), "");
    }

    private (StoredTensor? Array, string Unread) Packed(ZipMember member)
    {
        var name = member.Name;
        var header = NpyHeader.Read(file, name, count => Unpack(member, stream =>
        {
            var start = new byte[Math.Min(count, member.Length)];
            stream.ReadExactly(start);
            return start;
        }));
        if (header.Type is not { } type)
            return (null, header.Unread);
        var count = CheckLength(name, header, type, member.Length);
        return (new(type.Type, header.Shape, () => Arranged(Unpack(member, stream => Values(stream, header, type, count)), header, type)), "");
    }

    private long CheckLength(string name, NpyHeader header, ElementType type, long length)
    {
        var count = file.Count(name, header.Shape, type, length);
        var bytes = header.Length + (count * type.Size);
        return bytes == length ? count : throw file.Broken($"gives the array '{name}' {length} bytes where its shape needs {bytes}");
    }

    private Tensor Values(Stream stream, NpyHeader header, ElementType type, long count)
    {
        var truths = type.Type == ScalarType.Bool;
        var values = empty(count, dtype: truths ? ScalarType.Byte : type.Type);
        stream.ReadExactly(new byte[header.Length]);
        for (long done = 0; done < count; done += Chunk)
        {
            using var part = values.narrow(0, done, Math.Min(Chunk, count - done));
            stream.ReadExactly(part.bytes);
        }
        if (stream.ReadByte() >= 0)
            throw file.Broken("unpacks to more than its archive's directory says");
        return truths ? values.ne(0) : values;
    }

    private T Unpack<T>(ZipMember member, Func<Stream, T> read)
    {
        try
        {
            return file.Stream(member.Offset, member.Packed, packed =>
            {
                using var stream = new DeflateStream(packed, CompressionMode.Decompress);
                return read(stream);
            });
        }
        catch (Exception damaged) when (damaged is InvalidDataException or EndOfStreamException)
        {
            throw file.Broken($"cannot be unpacked at '{member.Name}' ({damaged.Message})", damaged);
        }
    }

    private static Tensor Arranged(Tensor values, NpyHeader header, ElementType type)
    {
        if (header.BigEndian && type.Size > 1)
            values = Swapped(values, type.Size);
        if (!header.Fortran)
            return values.view([.. header.Shape]);
        long[] axes = [.. Enumerable.Range(0, header.Shape.Count).Select(axis => header.Shape.Count - 1L - axis)];
        return values.view([.. header.Shape.Reverse()]).permute(axes);
    }

    private static Tensor Swapped(Tensor values, int size)
    {
        var swapped = values.contiguous().clone().view(-1);
        for (long done = 0; done < swapped.numel(); done += Chunk)
        {
            using var part = swapped.narrow(0, done, Math.Min(Chunk, swapped.numel() - done));
            var bytes = part.bytes;
            switch (size)
            {
                case 2:
                    Swap(MemoryMarshal.Cast<byte, ushort>(bytes));
                    break;
                case 4:
                    Swap(MemoryMarshal.Cast<byte, uint>(bytes));
                    break;
                default:
                    Swap(MemoryMarshal.Cast<byte, ulong>(bytes));
                    break;
            }
        }
        return swapped;
    }

    private static void Swap(Span<ushort> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Swap(Span<uint> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Swap(Span<ulong> values) => BinaryPrimitives.ReverseEndianness(values, values);
}
