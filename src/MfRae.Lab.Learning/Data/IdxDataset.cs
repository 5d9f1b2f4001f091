using System.Buffers.Binary;
using System.IO.Compression;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Learning.Data;

/// <summary>The four files of an MNIST-like dataset.</summary>
public static class IdxDataset
{
    /// <summary>
    /// The training images and labels in <paramref name="folder"/>; at most <paramref name="limit"/> of them unless it is
    /// 0.
    /// </summary>
    /// <exception cref="LabException">A file is missing or damaged.</exception>
    public static LabeledImages Train(string folder, int limit) => Load(folder, IdxDatasetOptions.FileNames[0], IdxDatasetOptions.FileNames[1], limit);

    /// <summary>The test images and labels.</summary>
    /// <exception cref="LabException">A file is missing or damaged.</exception>
    public static LabeledImages Test(string folder, int limit) => Load(folder, IdxDatasetOptions.FileNames[2], IdxDatasetOptions.FileNames[3], limit);

    private static LabeledImages Load(string folder, string imageFile, string labelFile, int limit)
    {
        var (sizes, pixels) = IdxReader.Read(Path.Combine(folder, imageFile), 3);
        var (counts, labels) = IdxReader.Read(Path.Combine(folder, labelFile), 1);
        if (sizes[0] != counts[0])
            throw new LabException($"{folder} holds {sizes[0]} images in {imageFile} and {counts[0]} labels in {labelFile}");
        var count = limit > 0 ? Math.Min(limit, sizes[0]) : sizes[0];
        return LabeledImages.Create(pixels.AsSpan(0, count * sizes[1] * sizes[2]), labels.AsSpan(0, count), sizes[1], sizes[2]);
    }
}

/// <summary>Reads the gzipped IDX format of MNIST: a big-endian header (0, 0, 8, rank, sizes) and unsigned bytes.</summary>
public static class IdxReader
{
    private const int UnsignedByte = 8;

    // Deflate compresses at most 1:1032. Images never compress as far as this limit; a file beyond it is an attack on memory.
    private const long MostExpansion = 100;
    private const long SmallEnough = 1 << 16;

    /// <summary>The sizes and the bytes, row-major.</summary>
    /// <exception cref="LabException">The file is missing, is not gzipped IDX of unsigned bytes of this rank, or is cut short.</exception>
    public static (int[] Sizes, byte[] Values) Read(string path, int rank)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Read(file, path, rank);
        }
        catch (FileNotFoundException missing)
        {
            throw new LabException($"{path} is missing: an IDX dataset is a folder with {string.Join(", ", IdxDatasetOptions.FileNames)}", missing);
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new LabException($"the folder of {path} does not exist", missing);
        }
    }

    /// <summary>Reads from a stream of known length. The path is for messages.</summary>
    internal static (int[] Sizes, byte[] Values) Read(Stream file, string path, int rank)
    {
        try
        {
            using var stream = new GZipStream(file, CompressionMode.Decompress);
            return Parse(stream, path, rank, Math.Min(Array.MaxLength, SmallEnough + (MostExpansion * file.Length)));
        }
        catch (InvalidDataException broken)
        {
            throw new LabException($"{path} is not a gzip file, or is damaged: {broken.Message}", broken);
        }
        catch (EndOfStreamException cut)
        {
            throw new LabException($"{path} ends before its header says it should: fetch it again", cut);
        }
    }

    private static (int[] Sizes, byte[] Values) Parse(Stream stream, string path, int rank, long most)
    {
        Span<byte> word = stackalloc byte[4];
        stream.ReadExactly(word);
        if (word[0] != 0 || word[1] != 0 || word[2] != UnsignedByte)
        {
            throw new LabException(
                $"{path} does not start with an IDX header of unsigned bytes (found {Convert.ToHexString(word)}, expected 000008..)");
        }

        if (word[3] != rank)
        {
            throw new LabException($"{path} holds {word[3]} dimensions where {rank} are expected: "
                + $"{(rank == 1 ? "labels" : "images")} and {(rank == 1 ? "images" : "labels")} swapped?");
        }

        var sizes = new int[rank];
        long total = 1;
        for (var i = 0; i < rank; i++)
        {
            stream.ReadExactly(word);
            sizes[i] = BinaryPrimitives.ReadInt32BigEndian(word);
            if (sizes[i] <= 0)
                throw new LabException($"{path} declares an impossible size {sizes[i]} in dimension {i}");
            if ((total *= sizes[i]) > most)
                throw new LabException($"{path} declares {total} bytes or more, which a file of its length does not pack: fetch it again");
        }
        return (sizes, ReadPayload(stream, path, total));
    }

    // The buffer grows with the bytes that are read, so that a forged header cannot make it larger than the content.
    private static byte[] ReadPayload(Stream stream, string path, long total)
    {
        using var payload = new MemoryStream();
        var buffer = new byte[Math.Min(1 << 16, total)];
        while (payload.Length < total)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, total - payload.Length));
            if (read == 0)
                throw new LabException($"{path} holds {payload.Length} of the {total} bytes that its header declares: fetch it again");
            payload.Write(buffer, 0, read);
        }
        if (stream.ReadByte() >= 0)
            throw new LabException($"{path} holds more than the {total} bytes that its header declares");
        return payload.ToArray();
    }
}
