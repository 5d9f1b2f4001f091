using System.Buffers.Binary;
using System.Text.Json;
using MfRae.Lab.Core.Experiments;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Reads one file and trusts nothing in it: every length is checked against the file before memory is asked for.</summary>
internal sealed class SafetensorsReader(FileStream file, string path)
{
    public SafetensorsFile Read()
    {
        if (file.Length < 8)
            throw Broken("is shorter than a header length");
        Span<byte> prefix = stackalloc byte[8];
        file.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (!Safetensors.HeaderFits(length, file.Length))
            throw Broken($"declares a header of {length} bytes in a file of {file.Length}");
        var header = new byte[length];
        file.ReadExactly(header);

        var tensors = new Dictionary<string, Tensor>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using var json = JsonDocument.Parse(header);
            var end = 0L;
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__")
                {
                    foreach (var item in entry.Value.EnumerateObject())
                        metadata[item.Name] = item.Value.GetString()!;
                }
                else if (!tensors.TryAdd(entry.Name, ReadTensor(entry, 8 + length, ref end)))
                {
                    throw Broken($"declares '{entry.Name}' twice");
                }
            }
            if (8 + length + end != file.Length)
                throw Broken($"ends at {file.Length} where its header says {8 + length + end}");
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new LabException($"{path} has no readable safetensors header: {bad.Message}", bad);
        }
        return new(path, tensors, metadata);
    }

    // Offsets must follow one another without holes, as the format demands; `end` is where the next tensor begins.
    private Tensor ReadTensor(JsonProperty entry, long dataStart, ref long end)
    {
        var dtype = entry.Value.GetProperty("dtype").GetString()!;
        var (type, size) = Safetensors.TypeOf(dtype) ?? throw Broken($"has a tensor '{entry.Name}' of unknown type {dtype}");
        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(item => item.GetInt64()).ToArray();
        var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(item => item.GetInt64()).ToArray();
        if (offsets.Length != 2 || offsets[0] != end || offsets[1] < offsets[0] || dataStart + offsets[1] > file.Length)
            throw Broken($"places '{entry.Name}' outside the file or over another tensor");

        long bytes = size;
        foreach (var extent in shape)
        {
            if (extent < 0 || (extent > 0 && bytes > file.Length / extent))
                throw Broken($"gives '{entry.Name}' a shape larger than the file");
            bytes *= extent;
        }
        if (bytes != offsets[1] - offsets[0])
            throw Broken($"gives '{entry.Name}' {offsets[1] - offsets[0]} bytes where its shape needs {bytes}");

        var tensor = empty(shape, dtype: type);
        file.Position = dataStart + offsets[0];
        file.ReadExactly(tensor.bytes);
        end = offsets[1];
        return tensor;
    }

    private LabException Broken(string what) => new($"the weights file {path} {what}: it is damaged or not safetensors");
}
