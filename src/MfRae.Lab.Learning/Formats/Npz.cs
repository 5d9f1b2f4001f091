using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Writes numpy's archives of arrays, for the evaluators of other projects; <see cref="TensorFile"/> reads them.</summary>
internal static class Npz
{
    // The earliest that zip knows, so that equal arrays make equal files.
    private static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes aside and renames; uncompressed, row-major.</summary>
    /// <exception cref="ArgumentException">Numpy has no such type of numbers (bfloat16).</exception>
    public static void Write(string path, IReadOnlyList<(string Name, StoredTensor Value)> arrays)
    {
        var headers = arrays.Select(array => Header(array.Value)).ToList();
        FileAside.Write(path, file =>
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var ((name, value), header) in arrays.Zip(headers))
            {
                var entry = archive.CreateEntry(name + NpyReader.Suffix, CompressionLevel.NoCompression);
                entry.LastWriteTime = Earliest;
                using var member = entry.Open();
                member.Write(header);
                TensorStream.Write(member, value);
            }
        });
    }

    // Values begin at a multiple of 64 bytes, as numpy has it.
    private static byte[] Header(StoredTensor value)
    {
        var type = ElementType.Of(value.Type);
        if (type.Numpy.Length == 0)
            throw new ArgumentException($"numpy has no type for {type.Safetensors}", nameof(value));
        var order = type.Size == 1 ? '|' : '<';
        var shape = string.Join(", ", value.Shape.Select(extent => extent.ToString(CultureInfo.InvariantCulture)))
            + (value.Shape.Count == 1 ? "," : "");
        var text = $"{{'descr': '{order}{type.Numpy}', 'fortran_order': False, 'shape': ({shape}), }}";
        var padded = text.PadRight(64 * ((NpyHeader.Prefix + text.Length + 1 + 63) / 64) - NpyHeader.Prefix - 1) + "\n";
        var header = new byte[NpyHeader.Prefix + padded.Length];
        NpyHeader.Magic.CopyTo(header, 0);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)padded.Length);
        Encoding.ASCII.GetBytes(padded, header.AsSpan(NpyHeader.Prefix));
        return header;
    }
}
