using System.Text;
using MfRae.Lab.Database.Export;

namespace MfRae.Lab.Database.Tests.Export;

/// <summary>Compares with the vectors of RFC 3720, B.4, and with another implementation.</summary>
public sealed class MaskedCrcTests
{
    [Fact]
    public void The_checksum_matches_the_standard()
    {
        MaskedCrc.Crc32C(Encoding.ASCII.GetBytes("123456789")).Should().Be(0xE3069283);
        MaskedCrc.Crc32C(new byte[32]).Should().Be(0x8A9136AA);
        MaskedCrc.Crc32C(Enumerable.Repeat((byte)0xff, 32).ToArray()).Should().Be(0x62A8AB43);
        MaskedCrc.Crc32C(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()).Should().Be(0x46DD794E);
    }

    [Fact]
    public void Every_length_agrees_with_the_checksum_of_TorchSharp()
    {
        var data = Enumerable.Range(0, 40).Select(i => (byte)((i * 37) + 11)).ToArray();
        for (var length = 0; length <= data.Length; length++)
        {
            MaskedCrc.Crc32C(data.AsSpan(0, length)).Should().Be(EventReader.Crc(data.AsSpan(0, length)));
        }
    }
}
