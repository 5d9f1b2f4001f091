using System.Buffers.Binary;
using System.Text.Json;
using MfRae.Lab.Core.Experiments;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// The safetensors format: a little-endian header length, a JSON header of dtypes, shapes and offsets, and the values,
/// row-major and little-endian. Weights are data: nothing in a file is executed.
/// </summary>
public static class Safetensors
{
    internal const int LengthPrefix = 8;
    internal const string MetadataName = "__metadata__";

    /// <summary>
    /// Writes aside and renames, so that a file that exists is whole. Types of more bytes come first, so that every tensor
    /// starts at a multiple of its numbers' size and can be read without a copy; otherwise the order is kept.
    /// </summary>
    public static void Write(
        string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, [.. tensors.Select(entry => (entry.Name, StoredTensor.Of(entry.Value)))], metadata);

    /// <summary>As above; of tensors in files, one at a time is in memory.</summary>
    public static void Write(
        string path, IReadOnlyList<(string Name, StoredTensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(entry => ElementType.Of(entry.Value.Type).Size).ToList();
        var header = Header(ordered, metadata);
        FileAside.Write(path, file =>
        {
            Span<byte> length = stackalloc byte[LengthPrefix];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            file.Write(length);
            file.Write(header);
            foreach (var (_, value) in ordered)
                TensorStream.Write(file, value);
        });
    }

    /// <summary>Opens a file of this format; see <see cref="TensorFile"/>.</summary>
    /// <exception cref="LabException">The file is missing or is not whole and consistent safetensors.</exception>
    public static TensorFile Read(string path) => new SafetensorsReader(FileBytes.Open(path)).Read();

    private static byte[] Header(IReadOnlyList<(string Name, StoredTensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata)
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
                var type = ElementType.Of(value.Type);
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Safetensors);
                json.WriteStartArray("shape");
                foreach (var size in value.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += value.Count * type.Size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Values start at a multiple of eight bytes, so that the map of a file is a map of its tensors.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}
