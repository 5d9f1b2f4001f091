using System.Buffers.Binary;
using System.Text;

namespace MfRae.Lab.Core.Images;

/// <summary>Short texts inside PNG files: chunks of type tEXt, a keyword and a text in ASCII.</summary>
public static class PngText
{
    /// <summary>The keyword with which a reduced sheet of images names the file with the full-size sheet.</summary>
    public const string FullSize = "full-size";

    private const int Signature = 8;
    private const int HeaderChunk = 25;
    private const int Around = 12;
    private const uint Polynomial = 0xedb88320;

    /// <summary>The PNG file with an additional text after its header.</summary>
    public static byte[] With(ReadOnlySpan<byte> png, string keyword, string text)
    {
        byte[] body = [.. "tEXt"u8, .. Encoding.ASCII.GetBytes(keyword), 0, .. Encoding.ASCII.GetBytes(text)];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length - 4);
        byte[] check = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(check, Checksum(body));
        const int start = Signature + HeaderChunk;
        return [.. png[..start], .. length, .. body, .. check, .. png[start..]];
    }

    /// <summary>The text of a keyword, or null if the file does not have it or is not a complete PNG file.</summary>
    public static string? Of(ReadOnlySpan<byte> png, string keyword)
    {
        byte[] sought = [.. Encoding.ASCII.GetBytes(keyword), 0];
        for (int at = Signature; at + Around <= png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png[at..]);
            if (length < 0 || length > png.Length - at - Around)
            {
                return null;
            }

            var content = png.Slice(at + 8, length);
            if (png.Slice(at + 4, 4).SequenceEqual("tEXt"u8) && content.StartsWith(sought))
            {
                return Encoding.ASCII.GetString(content[sought.Length..]);
            }

            at += length + Around;
        }

        return null;
    }

    private static uint Checksum(byte[] body)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in body)
        {
            sum ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ Polynomial;
            }
        }

        return ~sum;
    }
}
