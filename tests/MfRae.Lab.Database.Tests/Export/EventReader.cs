using System.Buffers.Binary;
using System.Numerics;
using TorchSharp;
using TorchSharp.Utils;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>
/// Reads event files independently of the writer: TorchSharp's classes, generated from TensorFlow's .proto files, parse the messages, and
/// TorchSharp's CRC-32C checks the framing.
/// </summary>
internal static class EventReader
{
    // Loads libtorch, which the library that computes the CRC needs.
    static EventReader() => torch.InitializeDeviceType(DeviceType.CPU);

    public static List<Tensorboard.Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<Tensorboard.Event>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]).Should().Be(Masked(bytes[..8]));
            var message = bytes.Slice(12, length);
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]).Should().Be(Masked(message));
            events.Add(Tensorboard.Event.Parser.ParseFrom(message.ToArray()));
            bytes = bytes[(16 + length)..];
        }

        return events;
    }

    /// <summary>The CRC-32C of TorchSharp.</summary>
    public static uint Crc(ReadOnlySpan<byte> data) => CRC32C.process(data.ToArray());

    // As in TensorFlow's crc32c.h: rotated right by 15 bits, plus a constant.
    private static uint Masked(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc(data), 15) + 0xa282ead8;
}
