using System.Buffers.Binary;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking;

/// <summary>
/// A long series in a few hundred buckets, packed into one value: a report over millions of points reads thousands of rows. It can
/// always be made again from the points.
/// </summary>
internal static class CurveDigest
{
    /// <summary>Series of no more points are read point by point.</summary>
    public const int MostPoints = 2048;

    private const int Buckets = 256;
    private const int Fields = 7;
    private const int BucketBytes = Fields * sizeof(long);

    /// <summary>Gathers points into buckets of as many points each; every extreme is an extreme of some bucket.</summary>
    public static byte[] Pack(IReadOnlyList<(long Step, double? Value)> points)
    {
        var count = Math.Min(Buckets, points.Count);
        var packed = new byte[count * BucketBytes];
        for (var i = 0; i < count; i++)
        {
            var (first, next) = ((int)((long)i * points.Count / count), (int)((long)(i + 1) * points.Count / count));
            var bucket = CurveBucket.Of(points[first].Step, points[first].Value);
            for (var point = first + 1; point < next; point++)
            {
                bucket = bucket.And(CurveBucket.Of(points[point].Step, points[point].Value));
            }

            Write(packed.AsSpan(i * BucketBytes, BucketBytes), bucket);
        }

        return packed;
    }

    public static IEnumerable<CurveBucket> Unpack(byte[] packed)
    {
        for (var at = 0; at + BucketBytes <= packed.Length; at += BucketBytes)
        {
            yield return Read(packed.AsSpan(at, BucketBytes));
        }
    }

    private static void Write(Span<byte> bytes, CurveBucket bucket)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bucket.FirstStep);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], bucket.LastStep);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], bucket.Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], bucket.Finite);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[32..], bucket.Sum);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[40..], bucket.Low);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[48..], bucket.High);
    }

    private static CurveBucket Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[32..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[40..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[48..]));
}
