using System.Buffers.Binary;
using System.Text.Json;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// The header of a safetensors file: metadata and the shapes of the tensors. No values are read. The stage that loads the file checks
/// it in full; here the contents of other files are unknown.
/// </summary>
public sealed class WeightsHeader
{
    private const int LengthPrefix = 8;
    private const int LargestHeader = 100_000_000;
    private const string MetadataName = "__metadata__";

    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes = [];

    /// <summary>The type of the network that the file describes, e.g. `vit-encoder`; null where the file describes none.</summary>
    public string? Type => Meta("type");

    /// <summary>The options of the network that the file describes, or null.</summary>
    public JsonElement? Network => Parse(Meta("network")) is { ValueKind: JsonValueKind.Object } network ? network : null;

    public IEnumerable<string> Names => _shapes.Keys;

    public string? Meta(string key) => _metadata.GetValueOrDefault(key);

    /// <summary>The sizes of a tensor, or null.</summary>
    public IReadOnlyList<long>? Shape(string name) => _shapes.GetValueOrDefault(name);

    /// <summary>A positive whole number in the metadata, or null.</summary>
    public long? Number(string key) => long.TryParse(Meta(key), out long value) && value > 0 ? value : null;

    /// <summary>Three sizes in the metadata, written as CxHxW, or null.</summary>
    public (long Channels, long Rows, long Columns)? Sizes(string key)
    {
        long[] sizes = [.. (Meta(key) ?? "").Split('x').Select(part => long.TryParse(part, out long size) ? size : 0)];
        return sizes is [> 0, > 0, > 0] ? (sizes[0], sizes[1], sizes[2]) : null;
    }

    /// <param name="weights">PATH, or PATH::NAME for the dictionary NAME inside the file.</param>
    /// <returns>Null where the file is missing or has no readable safetensors header.</returns>
    public static WeightsHeader? Read(string weights, string workingDirectory)
    {
        string path = WeightPath.FileOf(weights);
        string prefix = path.Length == weights.Length ? "" : weights[(path.Length + 2)..] + ".";
        try
        {
            using var file = File.OpenRead(Path.GetFullPath(path, workingDirectory));
            Span<byte> start = stackalloc byte[LengthPrefix];
            file.ReadExactly(start);
            long length = BinaryPrimitives.ReadInt64LittleEndian(start);
            if (length is < 2 or > LargestHeader || length > file.Length - LengthPrefix)
            {
                return null;
            }

            byte[] header = new byte[length];
            file.ReadExactly(header);
            return Parse(header, prefix);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException
            or InvalidOperationException or FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static WeightsHeader? Parse(byte[] bytes, string prefix)
    {
        using var json = JsonDocument.Parse(bytes);
        var header = new WeightsHeader();
        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name != MetadataName)
            {
                if (entry.Name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    header._shapes[entry.Name[prefix.Length..]] =
                        [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
                }
            }
            else if (entry.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var item in entry.Value.EnumerateObject().Where(item => item.Name.StartsWith(prefix, StringComparison.Ordinal)))
                {
                    header._metadata[item.Name[prefix.Length..]] =
                        item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString()! : item.Value.GetRawText();
                }
            }
        }

        return header;
    }

    private static JsonElement? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
