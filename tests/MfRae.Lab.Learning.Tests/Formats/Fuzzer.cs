using System.Buffers.Binary;

namespace MfRae.Lab.Learning.Tests.Formats;

/// <summary>Damages files in the ways that networks, disks and ill will do, always the same for a seed.</summary>
internal sealed class Fuzzer(int seed, IReadOnlyList<byte[]> files)
{
    private static readonly long[] Edges =
    [
        0, 1, -1, sbyte.MaxValue, byte.MaxValue, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue,
        1L << 32, 1L << 40, 1L << 62, long.MaxValue, long.MinValue,
    ];

    // Instructions of pickles, which random bytes would seldom be.
    private static readonly byte[] Codes =
    [
        .. "().0NJKMGXUTtaesuqrhjcQRb}]lodiIFLSVpgPB"u8,
        0x80, 0x81, 0x82, 0x85, 0x86, 0x87, 0x88, 0x8a, 0x8b, 0x8c, 0x92, 0x93, 0x94, 0x95,
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<byte[]> Inputs(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var input = (byte[])Any().Clone();
            // Mostly one damage, since a reader goes no further than the first that it sees.
            for (var rounds = _random.Next(4) == 0 ? 3 : 1; rounds > 0; rounds--)
                input = Damage(input);
            yield return input;
        }
    }

    private byte[] Any() => files[_random.Next(files.Count)];

    private byte[] Damage(byte[] file)
    {
        if (file.Length == 0)
            return file;
        var at = _random.Next(file.Length);
        switch (_random.Next(10))
        {
            case 0:
                return file[..at];
            case 1:
                var other = Any();
                return [.. file[..at], .. other[_random.Next(other.Length)..]];
            case 2:
                return [.. file[..at], .. file[Math.Min(at + 1 + _random.Next(16), file.Length)..]];
            case 3:
                return [.. file[..at], .. file[at..Math.Min(at + 64, file.Length)], .. file[at..]];
            case 4:
                file[at] = (byte)_random.Next(256);
                return file;
            case 5:
                file[at] = Codes[_random.Next(Codes.Length)];
                return file;
            case 6:
                return Number(file, at, _random.Next(4));
            default:
                for (var flips = 1 << _random.Next(4); flips > 0; flips--)
                    file[_random.Next(file.Length)] ^= (byte)(1 << _random.Next(8));
                return file;
        }
    }

    // A length or an offset at its limits, in either byte order.
    private byte[] Number(byte[] file, int at, int width)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Edges[_random.Next(Edges.Length)]);
        var number = bytes.AsSpan(0, Math.Min(1 << width, file.Length - at));
        if (_random.Next(4) == 0)
            number.Reverse();
        number.CopyTo(file.AsSpan(at));
        return file;
    }
}
