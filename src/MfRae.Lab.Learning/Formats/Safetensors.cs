using System.Buffers.Binary;
using System.Text.Json;
using MfRae.Lab.Core;
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
    /// Writes to a temporary file and renames it, so that a file that exists is complete. Larger types come first, so that every tensor
    /// starts at a multiple of the size of its numbers and can be read without a copy; within a type the order is kept.
    /// </summary>
    public static void Write(
        string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, [.. tensors.Select(entry => (entry.Name, StoredTensor.Of(entry.Value)))], metadata);

    /// <summary>Writes tensors of other files; only one tensor at a time is in memory.</summary>
    public static void Write(
        string path, IReadOnlyList<(string Name, StoredTensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        FileAside.Write(path, file => Write(file, tensors, metadata));

    /// <summary>Writes a file as the overloads without a hash do, and hashes the bytes on their way to it.</summary>
    /// <returns>SHA-256 of the file, in lower-case hex.</returns>
    internal static string WriteHashed(
        string path, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var hash = "";
        FileAside.Write(path, file =>
        {
            using var hashed = new HashedStream(file);
            Write(hashed, [.. tensors.Select(entry => (entry.Name, StoredTensor.Of(entry.Value)))], metadata);
            hash = hashed.Hash();
        });
        return hash;
    }

    private static void Write(
        Stream file, IReadOnlyList<(string Name, StoredTensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var layout = new SafetensorsLayout([.. tensors.Select(entry => (entry.Name, entry.Value.Type, entry.Value.Shape))], metadata);
        file.Write(layout.Start);
        foreach (var index in layout.Order)
            TensorStream.Write(file, tensors[index].Value);
    }

    /// <summary>Opens a file of this format; see <see cref="TensorFile"/>.</summary>
    /// <exception cref="LabException">The file is missing, incomplete or inconsistent.</exception>
    public static TensorFile Read(string path) => new SafetensorsReader(FileBytes.Open(path)).Read();
}

/// <summary>
/// The places of tensors in a file whose names, types and shapes are known. Larger types come first, so that every tensor starts at a
/// multiple of the size of its numbers; within a type the order is kept.
/// </summary>
internal sealed class SafetensorsLayout
{
    private readonly Dictionary<string, long> _offsets = [];

    public SafetensorsLayout(
        IReadOnlyList<(string Name, ScalarType Type, IReadOnlyList<long> Shape)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        Order = [.. Enumerable.Range(0, tensors.Count).OrderByDescending(index => ElementType.Of(tensors[index].Type).Size)];
        var header = Header([.. Order.Select(index => tensors[index])], metadata);
        Start = new byte[Safetensors.LengthPrefix + header.Length];
        BinaryPrimitives.WriteInt64LittleEndian(Start, header.Length);
        header.CopyTo(Start.AsSpan(Safetensors.LengthPrefix));
    }

    /// <summary>The indices of the tensors in the order of their values in the file.</summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>The bytes before the first value.</summary>
    public byte[] Start { get; }

    /// <summary>The length of the file.</summary>
    public long Length { get; private set; }

    /// <summary>The offset in the file of a tensor's first value.</summary>
    public long Offset(string name) => Start.Length + _offsets[name];

    private byte[] Header(
        IReadOnlyList<(string Name, ScalarType Type, IReadOnlyList<long> Shape)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        long offset = 0;
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(Safetensors.MetadataName);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (var (name, scalar, shape) in tensors)
            {
                var type = ElementType.Of(scalar);
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Safetensors);
                json.WriteStartArray("shape");
                foreach (var size in shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(_offsets[name] = offset);
                json.WriteNumberValue(offset += shape.Aggregate(1L, (product, extent) => product * extent) * type.Size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Values start at a multiple of eight bytes, so that tensors can be views of the mapped file.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        Length = Safetensors.LengthPrefix + buffer.Length + offset;
        return buffer.ToArray();
    }
}

/// <summary>Reads the header of one file. Every length in the header is checked against the file.</summary>
internal sealed class SafetensorsReader(FileBytes file)
{
    public const string Format = "safetensors";

    private const long LargestHeader = 100_000_000;

    /// <summary>Whether the file begins as a file of this format.</summary>
    public static bool Recognises(FileBytes file) =>
        file.Length > Safetensors.LengthPrefix + 1
        && file.Copy(0, Safetensors.LengthPrefix + 1, "its start") is [.. var prefix, (byte)'{']
        && Fits(BinaryPrimitives.ReadInt64LittleEndian(prefix), file);

    public TensorFile Read()
    {
        var length = BinaryPrimitives.ReadInt64LittleEndian(file.Copy(0, Safetensors.LengthPrefix, "a header length"));
        if (!Fits(length, file))
            throw file.Broken($"declares a header of {length} bytes in a file of {file.Length}");
        var header = file.Copy(Safetensors.LengthPrefix, length, "its header");
        try
        {
            using var json = JsonDocument.Parse(header);
            return Read(json.RootElement, Safetensors.LengthPrefix + length);
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw file.Broken($"has no readable safetensors header ({bad.Message})", bad);
        }
    }

    private static bool Fits(long length, FileBytes file) =>
        length is > 1 and <= LargestHeader && length <= file.Length - Safetensors.LengthPrefix;

    private TensorFile Read(JsonElement header, long dataStart)
    {
        var metadata = new Dictionary<string, string>();
        var entries = new List<(string Name, string Dtype, long[] Shape, long Begin, long End)>();
        foreach (var entry in header.EnumerateObject())
        {
            if (entry.Name != Safetensors.MetadataName)
            {
                entries.Add(Entry(entry));
                continue;
            }
            if (entry.Value.ValueKind == JsonValueKind.Null)
                continue;
            foreach (var item in entry.Value.EnumerateObject())
                metadata[item.Name] = item.Value.GetString() ?? throw file.Broken($"has no string for '{item.Name}' in its metadata");
        }

        // In any order of the header, tensors must follow one another without gaps from the start of the data to the end.
        var tensors = new Dictionary<string, StoredTensor>();
        var unread = new Dictionary<string, string>();
        var end = 0L;
        foreach (var (name, dtype, shape, begin, next) in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (begin != end || next < begin || next > file.Length - dataStart)
                throw file.Broken($"places '{name}' outside the file, over another tensor or behind a gap");
            if (tensors.ContainsKey(name) || unread.ContainsKey(name))
                throw file.Broken($"declares '{name}' twice");
            end = next;
            if (ElementType.All.FirstOrDefault(type => type.Safetensors == dtype) is not { } type)
            {
                unread[name] = $"is of type {FileFormats.Printable(dtype)}; read are {string.Join(", ", ElementType.All.Select(known => known.Safetensors))}";
                continue;
            }
            var bytes = file.Count(name, shape, type, file.Length) * type.Size;
            if (bytes != next - begin)
                throw file.Broken($"gives '{name}' {next - begin} bytes where its shape needs {bytes}");
            tensors[name] = file.Stored(name, type, shape, dataStart + begin);
        }
        if (dataStart + end != file.Length)
            throw file.Broken($"ends at {file.Length} where its header says {dataStart + end}");
        return new(file.Path, Format, tensors, metadata, unread);
    }

    private (string Name, string Dtype, long[] Shape, long Begin, long End) Entry(JsonProperty entry)
    {
        var dtype = entry.Value.GetProperty("dtype").GetString() ?? throw file.Broken($"gives '{entry.Name}' no type");
        long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(item => item.GetInt64())];
        long[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(item => item.GetInt64())];
        return offsets.Length == 2
            ? (entry.Name, dtype, shape, offsets[0], offsets[1])
            : throw file.Broken($"gives '{entry.Name}' {offsets.Length} offsets, not two");
    }
}
