using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>NumPy arrays: one in an .npy file, or several in an .npz archive.</summary>
internal sealed class NpyReader(FileBytes file)
{
    public const string Suffix = ".npy";
    private const string Single = "arr_0";

    // Deflate compresses at most 1:1032. Measurements never compress as far as this limit; a file beyond it is an attack on memory.
    private const long MostExpansion = 100;
    private const long SmallEnough = 1 << 16;
    private const int Chunk = 1 << 22;

    private readonly Dictionary<string, StoredTensor> _arrays = [];
    private readonly Dictionary<string, string> _unread = [];

    public static bool Recognises(FileBytes file) => NpyHeader.Recognises(file.Copy(0, Math.Min(8, file.Length), "its start"));

    public static bool Recognises(IReadOnlyDictionary<string, ZipMember> members) =>
        members.Keys.Any(IsArray);

    /// <summary>The array of an .npy file, under the default name of numpy: `arr_0`.</summary>
    /// <exception cref="LabException">The file is damaged, or does not hold numbers.</exception>
    public TensorFile ReadArray()
    {
        Add(Single, Stored(Single, 0, file.Length));
        return new(file.Path, "npy", _arrays, new Dictionary<string, string>(), _unread);
    }

    /// <summary>The arrays of an .npz archive. Other members and arrays of unsupported types are listed as unread.</summary>
    /// <exception cref="LabException">The file is damaged, or an array would unpack to much more than the file.</exception>
    public TensorFile ReadArchive(IReadOnlyDictionary<string, ZipMember> members)
    {
        var unpacked = members.Values.Where(member => member.Deflated).Aggregate((Int128)0, (sum, member) => sum + member.Length);
        if (unpacked > SmallEnough + ((Int128)MostExpansion * file.Length))
            throw file.Broken($"would unpack to {unpacked} bytes, more than {MostExpansion} times its size");
        foreach (var member in members.Values)
        {
            if (IsArray(member.Name))
                Add(member.Name[..^Suffix.Length], member.Deflated ? Packed(member) : Stored(member.Name, member.Offset, member.Length));
            else
                _unread[member.Name] = "is a file in the archive that is not a numpy array";
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

/// <summary>The header of an array in numpy's .npy format: magic, version, length, and a Python dictionary as text.</summary>
/// <param name="Type">Null where the type is not supported; <paramref name="Unread"/> then holds the reason.</param>
/// <param name="BigEndian">Whether numbers have their most significant byte first.</param>
/// <param name="Fortran">Whether the first index runs fastest.</param>
/// <param name="Length">Bytes of the header.</param>
internal sealed record NpyHeader(
    ElementType? Type, string Unread, bool BigEndian, bool Fortran, IReadOnlyList<long> Shape, long Length)
{
    /// <summary>Bytes before the text in version 1: magic, version, length.</summary>
    public const int Prefix = 10;

    private const int Smallest = 12;
    private const int LongestText = 10_000;

    public static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Reads a header.</summary>
    /// <param name="start">Returns the first bytes of the array's file, given their number.</param>
    /// <exception cref="LabException">The header is damaged.</exception>
    public static NpyHeader Read(FileBytes file, string name, Func<int, byte[]> start)
    {
        var head = start(Smallest);
        if (head.Length < Smallest || !Recognises(head) || head[6] is < 1 or > 3)
            throw file.Broken($"does not hold an array of numpy's format 1 to 3 in '{name}'");
        // Version 1 has two bytes for the length of the text, later versions have four.
        var prefix = head[6] == 1 ? Prefix : Prefix + 2;
        var length = head[6] == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(8))
            : BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8));
        if (length > LongestText)
            throw file.Broken($"declares a header of {length} bytes for the array '{name}'");
        var text = Encoding.Latin1.GetString(start(prefix + (int)length).AsSpan(prefix));
        if (!PythonLiteral.TryRead(text, out var value) || value is not Dictionary<string, object?> { Count: 3 } fields
            || !fields.TryGetValue("descr", out var described) || !fields.TryGetValue("shape", out var extents)
            || !fields.TryGetValue("fortran_order", out var order) || order is not bool fortran)
        {
            throw file.Broken($"describes the array '{name}' as {FileFormats.Printable(text)}, where numpy writes descr, fortran_order and shape");
        }

        if (extents is not List<object?> items || !items.All(extent => extent is long and >= 0))
            throw file.Broken($"gives the array '{name}' an impossible shape: {FileFormats.Printable(text)}");
        var shape = items.Cast<long>().ToList();
        if (described is not string descr)
        {
            return new(null, $"is described as {FileFormats.Printable(text)}; arrays of numbers of one type are read", false, fortran, shape,
                prefix + length);
        }

        var type = descr is ['<' or '>' or '|' or '=', ..] ? ElementType.All.FirstOrDefault(type => type.Numpy == descr[1..]) : null;
        return new(type, type is null ? Why(descr) : "", descr is ['>', ..], fortran, shape, prefix + length);
    }

    private static string Why(string descr) => descr.EndsWith('O')
        ? "holds Python objects. They are pickles, which are refused unread; save arrays of numbers"
        : $"is of type '{FileFormats.Printable(descr)}'; read are "
            + string.Join(", ", ElementType.All.Where(type => type.Numpy.Length > 0).Select(type => type.Numpy));
}

/// <summary>Writes .npz archives for the evaluators of other projects; <see cref="TensorFile"/> reads them.</summary>
internal static class Npz
{
    // The earliest time that zip can store, so that equal arrays give equal files.
    private static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes uncompressed, row-major arrays to a temporary file and renames it.</summary>
    /// <exception cref="ArgumentException">numpy has no such type (bfloat16).</exception>
    public static void Write(string path, IReadOnlyList<(string Name, StoredTensor Value)> arrays)
    {
        var headers = arrays.Select(array => Header(array.Value)).ToList();
        FileAside.Write(path, file =>
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var ((name, value), header) in arrays.Zip(headers))
            {
                var entry = archive.CreateEntry(name + NpyReader.Suffix, CompressionLevel.NoCompression);
                entry.LastWriteTime = Earliest;
                using var member = entry.Open();
                member.Write(header);
                TensorStream.Write(member, value);
            }
        });
    }

    // Values begin at a multiple of 64 bytes, as numpy writes them.
    private static byte[] Header(StoredTensor value)
    {
        var type = ElementType.Of(value.Type);
        if (type.Numpy.Length == 0)
            throw new ArgumentException($"numpy has no type for {type.Safetensors}", nameof(value));
        var order = type.Size == 1 ? '|' : '<';
        var shape = string.Join(", ", value.Shape.Select(extent => extent.ToString(CultureInfo.InvariantCulture)))
            + (value.Shape.Count == 1 ? "," : "");
        var text = $"{{'descr': '{order}{type.Numpy}', 'fortran_order': False, 'shape': ({shape}), }}";
        var padded = text.PadRight(64 * ((NpyHeader.Prefix + text.Length + 1 + 63) / 64) - NpyHeader.Prefix - 1) + "\n";
        var header = new byte[NpyHeader.Prefix + padded.Length];
        NpyHeader.Magic.CopyTo(header, 0);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)padded.Length);
        Encoding.ASCII.GetBytes(padded, header.AsSpan(NpyHeader.Prefix));
        return header;
    }
}
