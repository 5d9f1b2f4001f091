using System.Buffers.Binary;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Reads a piece of a file from front to back.</summary>
/// <param name="what">The piece, for messages.</param>
/// <exception cref="LabException">Everywhere: the piece ends before what is asked for.</exception>
internal sealed class ByteCursor(FileBytes file, long start, long end, string what)
{
    private const int Window = 1 << 16;

    private readonly long _start = start;
    private byte[] _window = [];
    private int _next;

    /// <summary>Bytes read so far.</summary>
    public long Done => Position - _start;

    /// <summary>Where in the file the next byte is.</summary>
    public long Position { get; private set; } = start;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>The next bytes, valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > end - Position)
            throw file.Broken($"ends inside {what}");
        if (count > _window.Length - _next)
        {
            _window = file.Copy(Position, Math.Min(Math.Max(count, Window), end - Position), what);
            _next = 0;
        }
        var taken = _window.AsSpan(_next, (int)count);
        _next += (int)count;
        Position += count;
        return taken;
    }
}
