using System.Buffers.Binary;
using System.Numerics;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>
/// The checksum of TFRecord: CRC-32C (RFC 3720), rotated right by 15 bits and added to a constant, so that the checksum of data that
/// holds checksums is not degenerate.
/// </summary>
public static class MaskedCrc
{
    private const uint Mask = 0xa282ead8;

    public static uint Of(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C(data), 15) + Mask;

    /// <summary>The plain CRC-32C: all bits set before the first byte, all inverted after the last.</summary>
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
