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

    public static bool Recognises(FileBytes file) => NpyHeader.Recognises(file.Copy(0, Math.Min(8, file.Length), "its start"));

    public static bool Recognises(IReadOnlyDictionary<string, ZipMember> members) =>
        members.Count > 0 && members.Keys.All(name => name.EndsWith(Suffix, StringComparison.Ordinal));

    /// <summary>The array of an .npy file, under the name that numpy gives to arrays without one: `arr_0`.</summary>
    /// <exception cref="LabException">The file is damaged, or holds something else than numbers.</exception>
    public TensorFile ReadArray()
    {
        var arrays = new Dictionary<string, StoredTensor> { [Single] = Stored(Single, 0, file.Length) };
        return new(file.Path, "npy", arrays, new Dictionary<string, string>());
    }

    /// <summary>The arrays of an .npz archive.</summary>
    /// <exception cref="LabException">As above, or an array would unpack to much more than the file.</exception>
    public TensorFile ReadArchive(IReadOnlyDictionary<string, ZipMember> members)
    {
        var unpacked = members.Values.Where(member => member.Deflated).Aggregate((Int128)0, (sum, member) => sum + member.Length);
        if (unpacked > SmallEnough + ((Int128)MostExpansion * file.Length))
            throw file.Broken($"would unpack to {unpacked} bytes, more than {MostExpansion} times its own");
        var arrays = members.Values.ToDictionary(
            member => member.Name[..^Suffix.Length],
            member => member.Deflated ? Packed(member) : Stored(member.Name, member.Offset, member.Length));
        return new(file.Path, "npz", arrays, new Dictionary<string, string>());
    }

    private StoredTensor Stored(string name, long offset, long length)
    {
        var header = NpyHeader.Read(file, name, count => file.Copy(offset, Math.Min(count, length), $"the array '{name}'"));
        CheckLength(name, header, length);
        var rowMajor = header.Fortran ? header.Shape.Reverse().ToList() : header.Shape;
        var values = file.Stored(name, header.Type, rowMajor, offset + header.Length);
        return new(header.Type.Type, header.Shape, () => Arranged(values.Read(), header));
    }

    private StoredTensor Packed(ZipMember member)
    {
        var name = member.Name;
        var header = NpyHeader.Read(file, name, count => Unpack(member, stream =>
        {
            var start = new byte[Math.Min(count, member.Length)];
            stream.ReadExactly(start);
            return start;
        }));
        var count = CheckLength(name, header, member.Length);
        return new(header.Type.Type, header.Shape, () => Arranged(Unpack(member, stream => Values(stream, header, count)), header));
    }

    private long CheckLength(string name, NpyHeader header, long length)
    {
        var count = file.Count(name, header.Shape, header.Type, length);
        var bytes = header.Length + (count * header.Type.Size);
        return bytes == length ? count : throw file.Broken($"gives the array '{name}' {length} bytes where its shape needs {bytes}");
    }

    private Tensor Values(Stream stream, NpyHeader header, long count)
    {
        var truths = header.Type.Type == ScalarType.Bool;
        var values = empty(count, dtype: truths ? ScalarType.Byte : header.Type.Type);
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

    private static Tensor Arranged(Tensor values, NpyHeader header)
    {
        if (header.BigEndian && header.Type.Size > 1)
            values = Swapped(values, header.Type.Size);
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
