using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Records;

/// <summary>
/// The data of a report in a file: the record as compressed JSON. The page is a function of it, so the file is enough to render the page
/// again, byte for byte. The JSON begins with its version; a file without a version is from before measurements had device, noise and
/// setting, and version 2 from before smallest relevant effects, contrasts, levels and pilot seeds.
/// </summary>
public static class RecordFile
{
    /// <summary>The extension of record files.</summary>
    public const string Extension = ".json.gz";

    private const string Opening = "{\"version\":";
    private const int Version = 3;
    private const int Oldest = 2;

    // No report has more data than this.
    private const long MostBytes = 1L << 30;

    /// <summary>The content of a record file.</summary>
    public static byte[] Write(ExperimentRecord record)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, RecordJson.Default.ExperimentRecord);
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.ASCII.GetBytes($"{Opening}{Version},"));
            // Without the opening brace of the object.
            gzip.Write(json.AsSpan(1));
        }

        return buffer.ToArray();
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="LabException">The file does not exist or is not a record.</exception>
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
                    throw new LabException($"{path} decompresses to more than {MostBytes >> 20} MiB, so it is not the data of a report");
                }
            }

            return Parse(json.GetBuffer().AsSpan(0, (int)json.Length), path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LabException($"{path} cannot be read as the data of a report: {e.Message} `report EXPERIMENT --publish` writes such files.", e);
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
        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < Oldest or > Version)
        {
            throw new LabException($"{path} has version {PrintableText.Of(version)} of report data; this program reads versions up to "
                + $"{Version}. Update the program.");
        }

        json[comma] = (byte)'{';
        return Whole(Record(json[comma..]));
    }

    private static ExperimentRecord Record(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, RecordJson.Default.ExperimentRecord) ?? throw new JsonException("null");

    /// <summary>Adds the device, noise and setting to the measurements of records from before these were recorded.</summary>
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

    /// <summary>Checks that names are unique: the schema of the database ensures it, but a file may come from another source.</summary>
    private static ExperimentRecord Whole(ExperimentRecord record)
    {
        Distinct("arm", record.Arms.Select(arm => arm.Name));
        Distinct("stage", record.Stages.Select(stage => stage.Key));
        return record.Arms.Count > 0 ? record : throw new JsonException("it has no arms.");
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

/// <summary>An experiment's record as JSON, without computed properties. The extremes of an empty bucket are infinite.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ExperimentRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
