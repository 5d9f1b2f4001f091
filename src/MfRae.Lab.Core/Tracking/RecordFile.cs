using System.IO.Compression;
using System.Text.Json;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Core.Tracking;

/// <summary>
/// A report's data in a file: the record as JSON, compressed. The page is a function of it, so whoever has the file can render the page
/// again, byte for byte.
/// </summary>
public static class RecordFile
{
    public const string Extension = ".json.gz";

    // A record that claims to be larger than this is not one that a page was made from.
    private const long MostBytes = 1L << 30;

    public static byte[] Write(ExperimentRecord record)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            JsonSerializer.Serialize(gzip, record, RecordJson.Default.ExperimentRecord);
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

            json.Position = 0;
            return Whole(JsonSerializer.Deserialize(json, RecordJson.Default.ExperimentRecord) ?? throw new JsonException("null"));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LabException($"{path} cannot be read as the data of a report: {e.Message} `report EXPERIMENT --publish` writes such files", e);
        }
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
