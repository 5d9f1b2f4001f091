using System.Text.Json;

namespace MfRae.Lab.Core.Tracking;

/// <summary>
/// Reads journals while they are written, or after their writer died. A line without its end, or one that is no JSON, is
/// not there yet: reading goes on at its beginning the next time.
/// </summary>
public static class JournalReader
{
    public static JournalChunk Read(string path, long offset = 0)
    {
        var bytes = ReadBytes(path, offset);
        var lines = new List<JournalLine>();
        var start = 0;
        for (int length; (length = bytes.AsSpan(start).IndexOf((byte)'\n')) >= 0; start += length + 1)
        {
            if (Parse(bytes.AsSpan(start, length)) is not { } line)
            {
                break;
            }

            lines.Add(line);
        }

        return new(lines, offset + start);
    }

    private static byte[] ReadBytes(string path, long offset)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length <= offset)
            {
                return [];
            }

            stream.Position = offset;
            var bytes = new byte[stream.Length - offset];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return bytes[..read];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The folder is renamed when its stage completes: the caller looks again.
            return [];
        }
    }

    private static JournalLine? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, LabJson.Default.JournalLine);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
