using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>
/// A report's data in a file: the record as JSON, compressed. The page is a function of it, so whoever has the file can render the page
/// again, byte for byte. The JSON begins with its version; a file without one is of before measurements had device, noise and setting.
/// </summary>
public static class RecordFile
{
    public const string Extension = ".json.gz";

    private const string Opening = "{\"version\":";
    private const int Version = 2;

    // A record that claims to be larger than this is not one that a page was made from.
    private const long MostBytes = 1L << 30;

    public static byte[] Write(ExperimentRecord record)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, RecordJson.Default.ExperimentRecord);
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.ASCII.GetBytes($"{Opening}{Version},"));
            // Without the object's own opening brace.
            gzip.Write(json.AsSpan(1));
        }

        return buffer.ToArray();
    }

    /// <exception cref="LabException">There is no such file, or it holds something else.</exception>
    public static ExperimentRecord Read(string path)
    {
        try
        {
            using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            using var json = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                json.Write(buffer, 0, read);
                if (json.Length > MostBytes)
                {
                    throw new LabException($"{path} unpacks to more than {MostBytes >> 20} MiB, which no report's data does");
                }
            }

            return Parse(json.GetBuffer().AsSpan(0, (int)json.Length), path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LabException($"{path} cannot be read as the data of a report: {e.Message} `report EXPERIMENT --publish` writes such files", e);
        }
    }

    private static ExperimentRecord Parse(Span<byte> json, string path)
    {
        var opening = Encoding.ASCII.GetBytes(Opening);
        var comma = json.IndexOf((byte)',');
        if (!json.StartsWith(opening) || comma < 0)
        {
            return Completed(Whole(Record(json)));
        }

        var version = Encoding.ASCII.GetString(json[opening.Length..comma]);
        if (version != $"{Version}")
        {
            throw new LabException($"{path} has version {PrintableText.Of(version)} of a report's data; this program reads versions up to "
                + $"{Version}. Update the program.");
        }

        json[comma] = (byte)'{';
        return Whole(Record(json[comma..]));
    }

    private static ExperimentRecord Record(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, RecordJson.Default.ExperimentRecord) ?? throw new JsonException("null");

    /// <summary>With what was in force before measurements said their device, noise and setting.</summary>
    private static ExperimentRecord Completed(ExperimentRecord record)
    {
        var lineage = Lineage.Of(record);
        return record with
        {
            Stages = [.. from stage in record.Stages
                         let facts = StageFacts.Of(stage)
                         select stage with { Measurements = [.. stage.Measurements.Select(value => lineage.Complete(value, facts))] }],
        };
    }

    /// <summary>A database has no two of these by its schema; a file may come from anywhere.</summary>
    private static ExperimentRecord Whole(ExperimentRecord record)
    {
        Distinct("arm", record.Arms.Select(arm => arm.Name));
        Distinct("stage", record.Stages.Select(stage => stage.Key));
        return record.Arms.Count > 0 ? record : throw new JsonException("it has no arm.");
    }

    private static void Distinct(string what, IEnumerable<string> names)
    {
        var seen = new HashSet<string>();
        if (names.FirstOrDefault(name => !seen.Add(name)) is { } twice)
        {
            throw new JsonException($"it has the {what} `{PrintableText.Of(twice)}` twice.");
        }
    }
}

/// <summary>An experiment's record as JSON. What is computed from the rest is left out; an empty bucket's extremes are infinite.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ExperimentRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
