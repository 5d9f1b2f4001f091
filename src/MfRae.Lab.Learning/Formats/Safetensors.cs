using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// The safetensors format: a little-endian header length, a JSON header of dtypes, shapes and offsets, and the values,
/// row-major and little-endian. Weights are data: nothing in a file is executed.
/// </summary>
public static class Safetensors
{
    private const int LengthPrefix = 8;
    private const long LargestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    private static readonly (string Name, ScalarType Type, int Size)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>Writes aside and renames, so that a file that exists is whole.</summary>
    public static void Write(
        string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = Header(tensors, metadata);
        var aside = path + ".tmp";
        using (var file = File.Create(aside))
        {
            Span<byte> length = stackalloc byte[LengthPrefix];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            file.Write(length);
            file.Write(header);
            foreach (var (_, value) in tensors)
            {
                using var scope = NewDisposeScope();
                file.Write(value.detach().cpu().contiguous().bytes);
            }
            file.Flush(flushToDisk: true);
        }
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Reads every tensor to the CPU.</summary>
    /// <exception cref="LabException">The file is missing or is not whole and consistent safetensors.</exception>
    public static SafetensorsFile Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return new SafetensorsReader(file, path).Read();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LabException($"the weights file {path} does not exist", missing);
        }
    }

    internal static (ScalarType Type, int Size)? TypeOf(string name)
    {
        foreach (var entry in Types)
        {
            if (entry.Name == name)
                return (entry.Type, entry.Size);
        }
        return null;
    }

    internal static bool HeaderFits(long length, long fileLength) =>
        length is > 1 and <= LargestHeader && length <= fileLength - LengthPrefix;

    private static byte[] Header(IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataName);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, value) in tensors)
            {
                var type = Types.First(entry => entry.Type == value.dtype);
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Name);
                json.WriteStartArray("shape");
                foreach (var size in value.shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += value.numel() * type.Size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Values start at a multiple of eight bytes, as readers that map the file into memory want it.
        var text = Encoding.UTF8.GetString(buffer.ToArray());
        return Encoding.UTF8.GetBytes(text + new string(' ', (8 - (Encoding.UTF8.GetByteCount(text) % 8)) % 8));
    }
}
