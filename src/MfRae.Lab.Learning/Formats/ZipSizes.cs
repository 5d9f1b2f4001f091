using System.Buffers.Binary;

namespace MfRae.Lab.Learning.Formats;

/// <summary>The three numbers of a directory entry that outgrow 32 bits in archives above 4 GB.</summary>
internal sealed class ZipSizes(uint length, uint packed, uint local)
{
    private const ushort Zip64 = 1;

    public long Length { get; private set; } = length;

    public long Packed { get; private set; } = packed;

    public long Local { get; private set; } = local;

    /// <summary>
    /// Takes those that are all ones in the entry from its zip64 extra field, in their order. False where they are not there.
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
                return Take(ref field, Length, value => Length = value)
                    && Take(ref field, Packed, value => Packed = value)
                    && Take(ref field, Local, value => Local = value);
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
