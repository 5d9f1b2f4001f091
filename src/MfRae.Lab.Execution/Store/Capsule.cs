using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Reads a capsule from an untrusted source. Names, kinds and sizes of all entries are checked before an entry is unpacked, and an unpacked
/// entry must have the size and the hash in the index.
/// </summary>
internal sealed class Capsule : IDisposable
{
    public const int MostEntries = 1_000_000;
    private const long MostOfRecord = 256L << 20;
    private const int KindOfFile = 0xF000 << 16;
    private const int RegularFile = 0x8000 << 16;
    private readonly string _path;
    private readonly ZipArchive _zip;

    private Capsule(string path, ZipArchive zip)
    {
        _path = path;
        _zip = zip;
        Index = null!;
    }

    public CapsuleIndex Index { get; private set; }

    /// <param name="path">The path of the file.</param>
    /// <param name="maxBytes">The largest total size of the unpacked entries, in bytes.</param>
    /// <exception cref="LabException">The file is not a capsule, has a later format, or has an unexpected entry.</exception>
    public static Capsule Open(string path, long maxBytes)
    {
        Capsule? capsule = null;
        try
        {
            capsule = new(path, ZipFile.OpenRead(path));
            capsule.Check(maxBytes);
            return capsule;
        }
        catch (Exception error)
        {
            capsule?.Dispose();
            throw error is IOException or UnauthorizedAccessException or InvalidDataException
                ? new LabException($"{path} is not a readable capsule: {error.Message}", error)
                : error;
        }
    }

    public void Dispose() => _zip.Dispose();

    /// <exception cref="LabException">The entry is missing or invalid.</exception>
    public T Read<T>(string name, JsonTypeInfo<T> type)
        where T : class
    {
        var expected = Index.Entries.FirstOrDefault(entry => entry.Name == name) ?? throw Wrong($"{name} is missing");
        using var content = new MemoryStream();
        Copy(expected, content, MostOfRecord, default);
        return Parse(name, content.ToArray(), type);
    }

    /// <summary>Unpacks one entry into a new file.</summary>
    public void Extract(CapsuleEntry entry, string target, CancellationToken stop)
    {
        using var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        Copy(entry, file, entry.Size, stop);
        file.Flush(flushToDisk: true);
    }

    private void Check(long maxBytes)
    {
        if (_zip.Entries.Count > MostEntries)
        {
            throw Wrong($"it has {_zip.Entries.Count} entries; {MostEntries} are allowed");
        }

        // Names that differ only in case are one file on some systems.
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in _zip.Entries)
        {
            var name = PrintableText.Of(entry.FullName);
            if (entry.FullName != CapsuleName.Index && !CapsuleName.IsOurs(entry.FullName))
            {
                throw Wrong($"the entry name '{name}' is not allowed");
            }

            if (!names.Add(entry.FullName))
            {
                throw Wrong($"the entry '{name}' appears twice");
            }

            if ((entry.ExternalAttributes & KindOfFile) is not (0 or RegularFile))
            {
                throw Wrong($"the entry '{name}' is not a plain file");
            }
        }

        Index = ReadIndex();
        Compare(maxBytes);
    }

    private CapsuleIndex ReadIndex()
    {
        var entry = _zip.GetEntry(CapsuleName.Index) ?? throw Wrong($"{CapsuleName.Index} is missing");
        using var content = new MemoryStream();
        Copy(entry, Math.Min(entry.Length, MostOfRecord), content, default);
        var bytes = content.ToArray();
        // A later format may have other properties, so its number is checked first.
        var format = FormatOf(bytes);
        return format == CapsuleIndex.Known
            ? Parse(CapsuleName.Index, bytes, LabJson.Default.CapsuleIndex)
            : throw Wrong($"its format is {format}; this program reads {CapsuleIndex.Known}: update the program");
    }

    private void Compare(long maxBytes)
    {
        var sizes = _zip.Entries.Where(entry => entry.FullName != CapsuleName.Index).ToDictionary(entry => entry.FullName, entry => entry.Length);
        var total = 0L;
        foreach (var entry in Index.Entries)
        {
            if (!sizes.Remove(entry.Name, out var size) || size != entry.Size || size < 0)
            {
                throw Wrong($"the entry '{PrintableText.Of(entry.Name)}' differs from {CapsuleName.Index}");
            }

            if (entry.Size > maxBytes - total)
            {
                throw Wrong($"its unpacked size is more than {maxBytes} bytes; --max-bytes N allows more");
            }

            total += entry.Size;
        }

        if (sizes.Count > 0)
        {
            throw Wrong($"{CapsuleName.Index} does not list the entry '{PrintableText.Of(sizes.Keys.First())}'");
        }
    }

    private void Copy(CapsuleEntry expected, Stream target, long most, CancellationToken stop)
    {
        if (expected.Size > most)
        {
            throw Wrong($"the entry '{expected.Name}' has {expected.Size} bytes; {most} are allowed");
        }

        if (Copy(_zip.GetEntry(expected.Name)!, expected.Size, target, stop) != expected.Sha256)
        {
            throw Wrong($"the entry '{expected.Name}' has changed: its SHA-256 differs from {CapsuleName.Index}");
        }
    }

    /// <summary>Unpacks exactly the declared number of bytes: a longer stream is a zip bomb, a shorter one is truncated.</summary>
    private string Copy(ZipArchiveEntry entry, long size, Stream target, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            using var source = entry.Open();
            var buffer = new byte[1 << 20];
            var left = size;
            for (int read; (read = source.Read(buffer)) > 0; left -= read)
            {
                stop.ThrowIfCancellationRequested();
                if (read > left)
                {
                    throw Wrong($"the entry '{entry.FullName}' has more bytes than declared");
                }

                hash.AppendData(buffer, 0, read);
                target.Write(buffer, 0, read);
            }

            if (left > 0)
            {
                throw Wrong($"the entry '{entry.FullName}' has fewer bytes than declared");
            }
        }
        catch (InvalidDataException error)
        {
            throw Wrong($"the entry '{entry.FullName}' cannot be unpacked: {error.Message}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private int FormatOf(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.GetProperty("format").GetInt32();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Wrong($"{CapsuleName.Index} is not a valid index: {error.Message}");
        }
    }

    private T Parse<T>(string name, byte[] bytes, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw Wrong($"{name} cannot be read: {PrintableText.Of(error.Message)} If a newer version of the program wrote it, update this one");
        }
    }

    public LabException Wrong(string what) => new($"{_path} is refused: {what}. Nothing was imported.");
}

/// <summary>
/// The allowed names of entries: `capsule.json`; `plans/plan.json`, `plans/marks.json`, `plans/SHA256.patch`; `KEY/NAME`, a file of a complete
/// stage; `KEY.0/NAME`, a file of an incomplete stage; `KEY.1/NAME`, …, a file of a folder that was set aside. They come from an untrusted
/// file and become paths.
/// </summary>
internal static partial class CapsuleName
{
    public const string Index = "capsule.json";
    public const string Plan = "plans/plan.json";
    public const string Marks = "plans/marks.json";

    public static string Patch(string hash) => $"plans/{hash}.patch";

    public static bool IsOurs(string name) => name is Plan or Marks || PatchPattern().IsMatch(name) || Stage(name) is not null;

    /// <summary>The key of the stage, or null if the entry does not belong to a stage.</summary>
    public static string? Stage(string name) =>
        StagePattern().Match(name) is { Success: true } match && ArtifactName.IsName(match.Groups[2].Value) ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\Aplans/[0-9a-f]{64}\.patch\z", RegexOptions.CultureInvariant)]
    private static partial Regex PatchPattern();

    [GeneratedRegex(@"\A([0-9a-f]{64})(?:\.(?:0|[1-9][0-9]{0,4}))?/([^/\\]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex StagePattern();
}
