using System.Buffers.Binary;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// A file of TensorBoard: a sequence of records, each an `Event` message, the first of which names the version. A record is the
/// length (8 bytes, little-endian), its masked checksum (4 bytes), the message, its masked checksum.
/// <para>The messages, with the numbers of their fields: `Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary
/// summary = 5; }`, `Summary { repeated Value value = 1; }`, `Value { string tag = 1; TensorProto tensor = 8; SummaryMetadata metadata =
/// 9; }`, `TensorProto { DataType dtype = 1; repeated double double_val = 6 [packed]; }` with dtype 2, a double, and no shape, a scalar;
/// `SummaryMetadata { PluginData plugin_data = 1; string summary_description = 3; DataClass data_class = 4; }` with data class 1, a
/// scalar, and `PluginData { string plugin_name = 1; }`, which is `scalars`. A `simple_value`, the older form, would have 32 bits.</para>
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Version = "brain.Event:2";
    private const long DoubleType = 2;
    private const long ScalarClass = 1;
    private readonly FileStream file;

    /// <param name="wallTime">Seconds since 1970, of the event that names the version.</param>
    public EventFile(string path, double wallTime)
    {
        file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        Record(new ProtobufWriter().Double(1, wallTime).Text(3, Version).Content);
    }

    /// <param name="value">A value that was not finite, null in the database, is NaN here.</param>
    /// <param name="description">What TensorBoard shows beside the chart, or null.</param>
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

    public void Dispose() => file.Dispose();

    private void Record(ReadOnlySpan<byte> message)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)message.Length);
        file.Write(length);
        Checksum(length);
        file.Write(message);
        Checksum(message);
    }

    private void Checksum(ReadOnlySpan<byte> data)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, MaskedCrc.Of(data));
        file.Write(bytes);
    }
}
