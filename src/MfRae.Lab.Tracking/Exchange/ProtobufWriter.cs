using System.Buffers.Binary;
using System.Text;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// The four shapes of Protocol Buffers that an event needs. A field is a tag, its number times eight plus its wire type, and a value: a
/// varint (0), eight bytes (1), or a length and that many bytes (2) for texts, messages and packed lists.
/// </summary>
internal sealed class ProtobufWriter
{
    private readonly MemoryStream buffer = new();

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
        buffer.Write(bytes);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Message(int field, ProtobufWriter message) => Bytes(field, message.Content);

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        buffer.Write(value);
        return this;
    }

    public ReadOnlySpan<byte> Content => buffer.GetBuffer().AsSpan(0, (int)buffer.Length);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            buffer.WriteByte((byte)(value | 0x80));
        }

        buffer.WriteByte((byte)value);
    }
}
