using System.Buffers.Binary;
using System.IO.Compression;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Forty training and forty test images of 28×28: a bright bar whose place is the class, of four, under noise.</summary>
internal static class TinyDataset
{
    public const int Count = 40;
    public const int Classes = 4;
    private const int Side = 28;

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(1);
        foreach (var (images, labels) in new[] { (0, 1), (2, 3) })
        {
            var classes = Enumerable.Range(0, Count).Select(i => (byte)(i % Classes)).ToArray();
            Write(Path.Combine(folder, IdxDatasetOptions.FileNames[images]), [Count, Side, Side],
                [.. classes.SelectMany(label => Image(label, random))]);
            Write(Path.Combine(folder, IdxDatasetOptions.FileNames[labels]), [Count], classes);
        }
    }

    private static IEnumerable<byte> Image(byte label, Random random) => Enumerable.Range(0, Side * Side)
        .Select(pixel => (byte)(random.Next(60) + (pixel / Side / (Side / Classes) == label ? 180 : 0)));

    private static void Write(string path, int[] sizes, byte[] values)
    {
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        gzip.Write([0, 0, 8, (byte)sizes.Length]);
        var size = new byte[4];
        foreach (var extent in sizes)
        {
            BinaryPrimitives.WriteInt32BigEndian(size, extent);
            gzip.Write(size);
        }
        gzip.Write(values);
    }
}
