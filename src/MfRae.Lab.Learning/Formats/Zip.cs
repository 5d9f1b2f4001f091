using System.Buffers.Binary;
using System.Text;
using MfRae.Lab.Core;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// The directory of a zip archive (APPNOTE 4.3, with zip64): the offset of each member, so that stored members can be mapped in place.
/// Archives in several parts, encrypted archives, and methods other than stored and deflate are refused.
/// </summary>
internal sealed class ZipDirectory(FileBytes file)
{
    private const uint LocalHeader = 0x04034b50;
    private const uint CentralHeader = 0x02014b50;
    private const uint End = 0x06054b50;
    private const uint End64 = 0x06064b50;
    private const uint End64Locator = 0x07064b50;
    private const int LocalLength = 30;
    private const int CentralLength = 46;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int LocatorLength = 20;
    private const int LongestComment = ushort.MaxValue;

    public static bool Recognises(FileBytes file) =>
        file.Length >= EndLength && U32(file.Copy(0, 4, "its start"), 0) is LocalHeader or End;

    /// <summary>Reads the directory.</summary>
    /// <exception cref="LabException">The archive is cut short, damaged or of an unsupported kind.</exception>
    public IReadOnlyDictionary<string, ZipMember> Read()
    {
        var (offset, length, count) = FindDirectory();
        var directory = file.Copy(offset, length, "the directory of the archive");
        var members = new Dictionary<string, ZipMember>();
        var at = 0;
        for (long i = 0; i < count; i++)
        {
            if (at > directory.Length - CentralLength || U32(directory, at) != CentralHeader)
                throw file.Broken($"lists {i} files where its archive should have {count}");
            int name = U16(directory, at + 28), extra = U16(directory, at + 30), comment = U16(directory, at + 32);
            var next = at + CentralLength + name + extra + comment;
            if (next > directory.Length)
                throw file.Broken("has an archive whose directory is cut short");
            var member = Member(directory.AsSpan(at, next - at), name, extra, offset);
            if (!members.TryAdd(member.Name, member))
                throw file.Broken($"has two files '{member.Name}' in its archive");
            at = next;
        }
        return at == directory.Length ? members : throw file.Broken("has more in its archive's directory than it counts");
    }

    private (long Offset, long Length, long Count) FindDirectory()
    {
        // The end record is last in the file, except for a comment; the record holds the length of the comment.
        var tailStart = Math.Max(0, file.Length - EndLength - LongestComment);
        var tail = file.Copy(tailStart, file.Length - tailStart, "its archive");
        var end = tail.Length - EndLength;
        while (end >= 0 && !(U32(tail, end) == End && U16(tail, end + 20) == tail.Length - EndLength - end))
            end--;
        if (end < 0)
            throw file.Broken("is a zip archive whose end is missing, where its directory should be");

        var place = (Offset: (long)U32(tail, end + 16), Length: (long)U32(tail, end + 12), Count: (long)U16(tail, end + 10));
        var record = tailStart + end;
        if (place.Offset == uint.MaxValue || place.Length == uint.MaxValue || place.Count == ushort.MaxValue)
            (place, record) = Zip64(record);
        else if (U16(tail, end + 4) != 0 || U16(tail, end + 6) != 0 || U16(tail, end + 8) != place.Count)
            throw file.Broken("is one part of an archive in several parts");
        return place.Offset >= 0 && place.Length >= 0 && place.Offset <= record - place.Length
            ? place
            : throw file.Broken("has an archive whose directory lies outside the file");
    }

    private ((long Offset, long Length, long Count) Place, long Record) Zip64(long end)
    {
        var locator = file.Copy(end - LocatorLength, LocatorLength, "the zip64 locator of its archive");
        var record = I64(locator, 8);
        if (U32(locator, 0) != End64Locator || record > end - LocatorLength - End64Length)
            throw file.Broken("has an archive with a zip64 locator that points nowhere");
        var header = file.Copy(record, End64Length, "the zip64 record of its archive");
        return U32(header, 0) == End64 && I64(header, 24) == I64(header, 32)
            ? ((I64(header, 48), I64(header, 40), I64(header, 32)), record)
            : throw file.Broken("has an archive with a broken zip64 record");
    }

    private ZipMember Member(ReadOnlySpan<byte> entry, int nameLength, int extraLength, long directory)
    {
        var name = Encoding.UTF8.GetString(entry.Slice(CentralLength, nameLength));
        int flags = U16(entry, 8), method = U16(entry, 10);
        if ((flags & 1) != 0)
            throw file.Broken($"has an encrypted file '{name}' in its archive");
        if (method is not (0 or 8))
            throw file.Broken($"has a file '{name}' in its archive that is packed by method {method}; stored and deflate are read");

        var fields = new ZipSizes(U32(entry, 24), U32(entry, 20), U32(entry, 42));
        if (!fields.Complete(entry.Slice(CentralLength + nameLength, extraLength)))
            throw file.Broken($"has no zip64 sizes for '{name}' in its archive");
        var local = file.Copy(fields.Local, LocalLength, $"'{name}' in its archive");
        var start = fields.Local + LocalLength + U16(local, 26) + U16(local, 28);
        if (U32(local, 0) != LocalHeader || U16(local, 8) != method || fields.Packed < 0 || start > directory - fields.Packed)
            throw file.Broken($"has a file '{name}' in its archive that is not where the directory says");
        if (fields.Length < 0 || (method == 0 && fields.Packed != fields.Length))
            throw file.Broken($"gives '{name}' in its archive the length {fields.Length} where {fields.Packed} bytes are stored");
        return new(name, start, fields.Packed, fields.Length, method == 8);
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}

/// <summary>A file inside a zip archive.</summary>
/// <param name="Offset">The offset of the content in the archive.</param>
/// <param name="Packed">Bytes in the archive.</param>
/// <param name="Length">Bytes after unpacking, as declared; equal for stored members.</param>
internal sealed record ZipMember(string Name, long Offset, long Packed, long Length, bool Deflated);

/// <summary>The three numbers of a directory entry that may need more than 32 bits in archives above 4 GB.</summary>
internal sealed class ZipSizes(uint length, uint packed, uint local)
{
    private const ushort Zip64 = 1;

    public long Length { get; private set; } = length;

    public long Packed { get; private set; } = packed;

    public long Local { get; private set; } = local;

    /// <summary>
    /// Reads the numbers that are all ones in the entry from its zip64 extra field, in order. Returns false if they are missing.
    /// </summary>
    public bool Complete(ReadOnlySpan<byte> extra)
    {
        if (Length != uint.MaxValue && Packed != uint.MaxValue && Local != uint.MaxValue)
            return true;
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
                return false;
            var field = extra.Slice(4, size);
            if (id == Zip64)
            {
                return Take(ref field, Length, value => Length = value)
                    && Take(ref field, Packed, value => Packed = value)
                    && Take(ref field, Local, value => Local = value);
            }

            extra = extra[(4 + size)..];
        }
        return false;
    }

    private static bool Take(ref ReadOnlySpan<byte> field, long value, Action<long> set)
    {
        if (value != uint.MaxValue)
            return true;
        if (field.Length < 8)
            return false;
        set(BinaryPrimitives.ReadInt64LittleEndian(field));
        field = field[8..];
        return true;
    }
}
