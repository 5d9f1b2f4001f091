using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace MfRae.Lab.Database.Export;

/// <summary>
/// Writes a TensorBoard event file: a sequence of records, each with an `Event` message. The first message gives the version. A record has
/// a length (8 bytes, little-endian), the masked checksum of the length (4 bytes), the message, and the masked checksum of the message.
/// <para>The messages, with the numbers of their fields: `Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary
/// summary = 5; }`, `Summary { repeated Value value = 1; }`, `Value { string tag = 1; TensorProto tensor = 8; SummaryMetadata metadata =
/// 9; }`, `TensorProto { DataType dtype = 1; repeated double double_val = 6 [packed]; }` with dtype 2, a double, and no shape, a scalar;
/// `SummaryMetadata { PluginData plugin_data = 1; string summary_description = 3; DataClass data_class = 4; }` with data class 1, a
/// scalar, and `PluginData { string plugin_name = 1; }`, which is `scalars`. The older `simple_value` has only 32 bits.</para>
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2";
    private const long DoubleType = 2;
    private const long ScalarClass = 1;
    private readonly FileStream _file;

    /// <param name="path">The path of the new file.</param>
    /// <param name="wallTime">The time of the event that gives the version, in seconds since 1970.</param>
    public EventFile(string path, double wallTime)
    {
        _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        Record(new ProtobufWriter().Double(1, wallTime).Text(3, Version).Content);
    }

    /// <param name="tag">The name of the curve.</param>
    /// <param name="step">The step.</param>
    /// <param name="value">The value; null, which the database has for a value that was not finite, becomes NaN.</param>
    /// <param name="wallTime">The time, in seconds since 1970.</param>
    /// <param name="description">The text that TensorBoard shows with the chart, or null.</param>
    public void Scalar(string tag, long step, double? value, double wallTime, string? description = null)
    {
        Span<byte> packed = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(packed, value ?? double.NaN);
        var metadata = new ProtobufWriter().Message(1, new ProtobufWriter().Text(1, "scalars"));
        if (description is not null)
        {
            metadata.Text(3, description);
        }

        var entry = new ProtobufWriter()
            .Text(1, tag)
            .Message(8, new ProtobufWriter().Integer(1, DoubleType).Bytes(6, packed))
            .Message(9, metadata.Integer(4, ScalarClass));
        Record(new ProtobufWriter().Double(1, wallTime).Integer(2, step).Message(5, new ProtobufWriter().Message(1, entry)).Content);
    }

    public void Dispose() => _file.Dispose();

    private void Record(ReadOnlySpan<byte> message)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)message.Length);
        _file.Write(length);
        Checksum(length);
        _file.Write(message);
        Checksum(message);
    }

    private void Checksum(ReadOnlySpan<byte> data)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, MaskedCrc.Of(data));
        _file.Write(bytes);
    }
}

/// <summary>
/// Writes the Protocol Buffers that an event needs. A field has a tag, which is its number times eight plus its wire type, and a value: a
/// varint (wire type 0), eight bytes (1), or a length and the bytes (2) of a string, a message or a packed list.
/// </summary>
internal sealed class ProtobufWriter
{
    private readonly MemoryStream _buffer = new();

    public ProtobufWriter Integer(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public ProtobufWriter Double(int field, double value)
    {
        Varint(((ulong)field << 3) | 1);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _buffer.Write(bytes);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Message(int field, ProtobufWriter message) => Bytes(field, message.Content);

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        _buffer.Write(value);
        return this;
    }

    public ReadOnlySpan<byte> Content => _buffer.GetBuffer().AsSpan(0, (int)_buffer.Length);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _buffer.WriteByte((byte)(value | 0x80));
        }

        _buffer.WriteByte((byte)value);
    }
}

/// <summary>
/// The checksum of a TFRecord: CRC-32C (RFC 3720), rotated right by 15 bits, plus a constant. Without this mask the checksum of data that
/// contains checksums would be degenerate.
/// </summary>
public static class MaskedCrc
{
    private const uint Mask = 0xa282ead8;

    /// <summary>The masked checksum of the data.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C(data), 15) + Mask;

    /// <summary>The CRC-32C without the mask: starts with all bits set and inverts all bits at the end.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
