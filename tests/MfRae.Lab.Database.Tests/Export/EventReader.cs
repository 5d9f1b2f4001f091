using System.Buffers.Binary;
using System.Text;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>A reader of event files that shares nothing with the writer: its checksum goes bit by bit.</summary>
internal static class EventReader
{
    public static List<ReadEvent> Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<ReadEvent>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]).Should().Be(Masked(bytes[..8]));
            var message = bytes.Slice(12, length);
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]).Should().Be(Masked(message));
            events.Add(Parse(message.ToArray()));
            bytes = bytes[(16 + length)..];
        }

        return events;
    }

    public static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = Crc(data);
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    private static ReadEvent Parse(byte[] message)
    {
        var fields = Fields(message);
        var wall = BitConverter.UInt64BitsToDouble(fields[1].Number);
        if (fields.TryGetValue(3, out var version))
        {
            return new(wall, 0, Encoding.UTF8.GetString(version.Bytes), null, double.NaN, null);
        }

        var value = Fields(Fields(fields[5].Bytes)[1].Bytes);
        var tensor = Fields(value[8].Bytes);
        tensor[1].Number.Should().Be(2, "a double is type 2");
        tensor[6].Bytes.Should().HaveCount(8);
        var metadata = Fields(value[9].Bytes);
        Encoding.UTF8.GetString(Fields(metadata[1].Bytes)[1].Bytes).Should().Be("scalars");
        metadata[4].Number.Should().Be(1);
        return new(wall, (long)fields[2].Number, null, Encoding.UTF8.GetString(value[1].Bytes), BitConverter.ToDouble(tensor[6].Bytes),
            metadata.TryGetValue(3, out var description) ? Encoding.UTF8.GetString(description.Bytes) : null);
    }

    private static Dictionary<int, (ulong Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new Dictionary<int, (ulong, byte[])>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((int)(tag >> 3), (Varint(message, ref at), []));
                    break;
                case 1:
                    fields.Add((int)(tag >> 3), (BitConverter.ToUInt64(message, at), []));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add((int)(tag >> 3), (0, message[at..(at + length)]));
                    at += length;
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7}");
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var (value, shift) = (0UL, 0);
        for (; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
