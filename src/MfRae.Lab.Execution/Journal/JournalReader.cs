using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Journal;

/// <summary>
/// Reads journals while they are written or after their writer died. A line without its newline is incomplete: the next read starts at its
/// beginning. Events of newer versions become <see cref="NewerEvent"/>; unknown fields of other events are skipped.
/// </summary>
public static class JournalReader
{
    private static readonly HashSet<string> Kinds =
        [.. LabJson.Default.JournalEvent.PolymorphismOptions!.DerivedTypes.Select(type => type.TypeDiscriminator).OfType<string>()];

    /// <summary>Reads the complete lines of a journal from an offset in bytes.</summary>
    /// <exception cref="LabException">A complete line cannot be read. The message gives file and line; the file is not changed.</exception>
    public static JournalChunk Read(string path, long offset = 0) => ReadUpToProblem(path, out var problem, offset) is var chunk && problem is null
        ? chunk
        : throw new LabException(problem);

    /// <summary>The lines before the first unreadable line.</summary>
    /// <param name="path">The path of the journal.</param>
    /// <param name="problem">The error in that line, or null if every complete line can be read.</param>
    /// <param name="offset">Where to start, in bytes.</param>
    public static JournalChunk ReadUpToProblem(string path, out string? problem, long offset = 0)
    {
        var bytes = ReadBytes(path, offset);
        var lines = new List<JournalLine>();
        var start = 0;
        problem = null;
        for (int length; (length = bytes.AsSpan(start).IndexOf((byte)'\n')) >= 0; start += length + 1)
        {
            if (Parse(bytes.AsSpan(start, length), out var mistake) is not { } line)
            {
                problem = Problem(path, offset + start, mistake);
                break;
            }

            lines.Add(line);
        }

        return new(lines, offset + start);
    }

    private static byte[] ReadBytes(string path, long offset, long end = long.MaxValue)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length <= offset)
            {
                return [];
            }

            stream.Position = offset;
            var bytes = new byte[Math.Min(end, stream.Length) - offset];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return bytes[..read];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The folder is renamed when its stage completes; the caller tries again.
            return [];
        }
    }

    private static string Problem(string path, long offset, string mistake)
    {
        var line = 1 + ReadBytes(path, 0, offset).AsSpan().Count((byte)'\n');
        return $"{path}, line {line.ToString(CultureInfo.InvariantCulture)}: invalid journal line ({mistake}). The file was not changed. "
            + $"If it is damaged, move the folder {Path.GetDirectoryName(path)} away; the next run recomputes the stage.";
    }

    private static JournalLine? Parse(ReadOnlySpan<byte> line, out string mistake)
    {
        mistake = "";
        try
        {
            return JsonSerializer.Deserialize(line, LabJson.Default.JournalLine) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            mistake = e.Message;
            return Newer(line);
        }
    }

    private static JournalLine? Newer(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var line = VersionedJson.Read<JournalLine>(bytes);
            // An unknown field of a measurement may be part of its identity, so the value must not be pooled with others.
            return line.Event is MeasuredEvent ? line with { Event = new NewerEvent("measured", line.Event) } : line;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return UnknownKind(bytes);
        }
    }

    private static JournalLine? UnknownKind(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number)
                && root.TryGetProperty("at", out var at) && at.ValueKind == JsonValueKind.String && at.TryGetDateTimeOffset(out var time)
                && root.TryGetProperty("event", out var entry) && entry.ValueKind == JsonValueKind.Object
                && entry.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && !Kinds.Contains(type.GetString()!)
                    ? new(number, time, new NewerEvent(type.GetString()!))
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Complete lines of a journal, and the offset in bytes of the next line.</summary>
public sealed record JournalChunk(IReadOnlyList<JournalLine> Lines, long NextOffset)
{
    /// <summary>The end of the attempt, or null if the last event of a known kind is not an end.</summary>
    public FinishedEvent? Finished => Lines.LastOrDefault(line => line.Event is not NewerEvent)?.Event as FinishedEvent;

    /// <summary>A sentence about the events that this version skips, or null if it skips none.</summary>
    /// <param name="path">The path of the journal, for the message.</param>
    public string? Skipped(string path)
    {
        var kinds = Lines.Select(line => line.Event).OfType<NewerEvent>().CountBy(entry => entry.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => $"{kind.Value.ToString(CultureInfo.InvariantCulture)} of kind `{PrintableText.Of(kind.Key, 40)}`").ToList();
        return kinds.Count == 0 ? null : $"{path}: skipped events of a newer version ({string.Join(", ", kinds)}); update the program to read them";
    }
}

/// <summary>A journal in a stage's folder.</summary>
public sealed record JournalFile(int Attempt, string Path)
{
    /// <summary>The file name of an attempt's journal.</summary>
    public static string NameOf(int attempt) => $"journal.{attempt.ToString(CultureInfo.InvariantCulture)}.jsonl";

    /// <summary>Whether a path has the name of a journal.</summary>
    public static bool IsJournal(string path) => AttemptOf(path) > 0;

    /// <summary>The attempt of `journal.ATTEMPT.jsonl`, or 0 if the file is not a journal.</summary>
    public static int AttemptOf(string path) =>
        System.IO.Path.GetFileName(path).Split('.') is ["journal", var number, "jsonl"]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? attempt
            : 0;

    /// <summary>The journals of a folder, ordered by attempt; empty if the folder does not exist.</summary>
    public static IReadOnlyList<JournalFile> In(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder).Where(IsJournal)
            .Select(path => new JournalFile(AttemptOf(path), path)).OrderBy(file => file.Attempt)]
        : [];
}
