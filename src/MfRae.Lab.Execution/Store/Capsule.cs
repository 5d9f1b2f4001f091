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
/// A capsule that somebody gave us, opened. Nothing is unpacked before names, kinds and sizes of all entries are what they may be, and
/// what is unpacked has the size and the hash that the index says, or is refused.
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
        this._path = path;
        this._zip = zip;
        Index = null!;
    }

    public CapsuleIndex Index { get; private set; }

    /// <param name="maxBytes">The most that all entries together may have when unpacked.</param>
    /// <exception cref="LabException">It is no capsule, of a later version, or has an entry that no capsule has.</exception>
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
                ? new LabException($"{path} is no capsule that can be read: {error.Message}", error)
                : error;
        }
    }

    public void Dispose() => _zip.Dispose();

    /// <exception cref="LabException">The entry is not there or is no such record.</exception>
    public T Read<T>(string name, JsonTypeInfo<T> type)
        where T : class
    {
        var expected = Index.Entries.FirstOrDefault(entry => entry.Name == name) ?? throw Wrong($"{name} is missing");
        using var content = new MemoryStream();
        Copy(expected, content, MostOfRecord, default);
        return Parse(name, content.ToArray(), type);
    }

    /// <summary>Unpacks one entry to a new file.</summary>
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

        // Names that differ in capitals only would be one file on some systems.
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in _zip.Entries)
        {
            var name = PrintableText.Of(entry.FullName);
            if (entry.FullName != CapsuleName.Index && !CapsuleName.IsOurs(entry.FullName))
            {
                throw Wrong($"no capsule has an entry named '{name}'");
            }

            if (!names.Add(entry.FullName))
            {
                throw Wrong($"the entry '{name}' is there twice");
            }

            if ((entry.ExternalAttributes & KindOfFile) is not (0 or RegularFile))
            {
                throw Wrong($"the entry '{name}' is no plain file");
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
        // A later version may have other properties: its number is looked at before the rest.
        var format = FormatOf(bytes);
        return format == CapsuleIndex.Known
            ? Parse(CapsuleName.Index, bytes, LabJson.Default.CapsuleIndex)
            : throw Wrong($"it has format {format}; this program reads {CapsuleIndex.Known}: update the program");
    }

    private void Compare(long maxBytes)
    {
        var sizes = _zip.Entries.Where(entry => entry.FullName != CapsuleName.Index).ToDictionary(entry => entry.FullName, entry => entry.Length);
        var total = 0L;
        foreach (var entry in Index.Entries)
        {
            if (!sizes.Remove(entry.Name, out var size) || size != entry.Size || size < 0)
            {
                throw Wrong($"the entry '{PrintableText.Of(entry.Name)}' is not as {CapsuleName.Index} says");
            }

            if (entry.Size > maxBytes - total)
            {
                throw Wrong($"unpacked it has more than {maxBytes} bytes; --max-bytes N allows more");
            }

            total += entry.Size;
        }

        if (sizes.Count > 0)
        {
            throw Wrong($"{CapsuleName.Index} does not know the entry '{PrintableText.Of(sizes.Keys.First())}'");
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
            throw Wrong($"the entry '{expected.Name}' has changed: its SHA-256 is not that of {CapsuleName.Index}");
        }
    }

    /// <summary>Unpacks exactly as many bytes as were declared: a stream that goes on is a bomb, one that ends is torn.</summary>
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
                    throw Wrong($"the entry '{entry.FullName}' has more bytes than it says");
                }

                hash.AppendData(buffer, 0, read);
                target.Write(buffer, 0, read);
            }

            if (left > 0)
            {
                throw Wrong($"the entry '{entry.FullName}' has fewer bytes than it says");
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
            throw Wrong($"{CapsuleName.Index} is no index: {error.Message}");
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

    public LabException Wrong(string what) => new($"{_path} is refused: {what}. Nothing of it was taken in.");
}

/// <summary>
/// Names of entries, of which there are these and no others: `capsule.json`; `plans/plan.json`, `plans/marks.json`,
/// `plans/SHA256.patch`; `KEY/NAME`, a file of a complete stage; `KEY.0/NAME`, one of a stage that
/// was not completed; `KEY.1/NAME`, …, of what was set aside. They come
/// from a file that somebody else may have made, and become paths.
/// </summary>
internal static partial class CapsuleName
{
    public const string Index = "capsule.json";
    public const string Plan = "plans/plan.json";
    public const string Marks = "plans/marks.json";

    public static string Patch(string hash) => $"plans/{hash}.patch";

    public static bool IsOurs(string name) => name is Plan or Marks || PatchPattern().IsMatch(name) || Stage(name) is not null;

    /// <summary>The stage's key, or null where the entry is no stage's.</summary>
    public static string? Stage(string name) =>
        StagePattern().Match(name) is { Success: true } match && ArtifactName.IsName(match.Groups[2].Value) ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\Aplans/[0-9a-f]{64}\.patch\z", RegexOptions.CultureInvariant)]
    private static partial Regex PatchPattern();

    [GeneratedRegex(@"\A([0-9a-f]{64})(?:\.(?:0|[1-9][0-9]{0,4}))?/([^/\\]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex StagePattern();
}
