using System.Buffers.Binary;
using System.Text.Json;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Reads the header of one file and trusts nothing in it: every length is checked against the file.</summary>
internal sealed class SafetensorsReader(FileBytes file)
{
    public const string Format = "safetensors";

    private const long LargestHeader = 100_000_000;

    /// <summary>Whether the file begins as one of this format.</summary>
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
                metadata[item.Name] = item.Value.GetString() ?? throw file.Broken($"has no text for '{item.Name}' in its metadata");
        }

        // Whatever the order of the header: tensors follow one another without holes from the start of the data to the end.
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
