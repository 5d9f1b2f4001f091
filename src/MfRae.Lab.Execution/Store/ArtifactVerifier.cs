using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>Compares all files of a folder with its manifest.</summary>
internal static class ArtifactVerifier
{
    /// <exception cref="MfRae.Lab.Core.LabException">A newer version of the program wrote the manifest.</exception>
    public static ArtifactCheck Check(string key, string folder, CancellationToken stop)
    {
        Manifest manifest;
        try
        {
            var path = Path.Combine(folder, ArtifactStore.ManifestName);
            manifest = ManifestSeal.Read(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return new(key, [$"{ArtifactStore.ManifestName} cannot be read: {e.Message}"]);
        }

        if (manifest.Key != key)
        {
            return new(key, [$"{ArtifactStore.ManifestName} belongs to another stage, {manifest.Key}"]);
        }

        IReadOnlyList<ManifestFile> dropped;
        try
        {
            dropped = DroppedRecord.Missing(manifest, folder);
        }
        catch (LabException e) when (e.InnerException is not null)
        {
            return new(key, [e.Message]);
        }

        var kinds = dropped.Aggregate(StoredFileKinds.None, (all, file) => all | StoredFiles.KindOf(manifest.Kind, file.Name));
        return new(key, [.. manifest.Files.Except(dropped).Select(file => Problem(folder, file, stop)).OfType<string>()], kinds);
    }

    public static ManifestFile Describe(string folder, string name)
    {
        using var stream = File.OpenRead(Path.Combine(folder, name));
        return new(name, stream.Length, Hash(stream, default));
    }

    private static string? Problem(string folder, ManifestFile expected, CancellationToken stop)
    {
        if (!ArtifactName.IsName(expected.Name))
        {
            return $"'{expected.Name}' is not a file name";
        }

        var info = new FileInfo(Path.Combine(folder, expected.Name));
        if (!info.Exists)
        {
            return $"{expected.Name} is missing";
        }

        if (info.LinkTarget is not null)
        {
            return $"{expected.Name} is a link";
        }

        if (info.Length != expected.Size)
        {
            return $"{expected.Name} has {info.Length} bytes instead of {expected.Size}";
        }

        try
        {
            using var stream = info.OpenRead();
            return Hash(stream, stop) == expected.Sha256 ? null : $"{expected.Name} has changed: its SHA-256 differs from the manifest";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{expected.Name} cannot be read: {e.Message}";
        }
    }

    private static string Hash(FileStream stream, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            stop.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>The result of verifying a complete stage.</summary>
/// <param name="Key">The key of the stage.</param>
/// <param name="Problems">A sentence for each problem; empty if every file matches the manifest.</param>
/// <param name="Dropped">The kinds of files that the stage has dropped.</param>
public sealed record ArtifactCheck(string Key, IReadOnlyList<string> Problems, StoredFileKinds Dropped = StoredFileKinds.None)
{
    /// <summary>Whether every file matches the manifest. Dropped files are absent on purpose.</summary>
    public bool Ok => Problems.Count == 0;

    /// <inheritdoc/>
    public override string ToString() => Ok ? "every file matches the manifest" : string.Join("; ", Problems);
}

/// <summary>
/// Reads and writes `manifest.json`. Its first member is the SHA-256 of all bytes that follow it, so the manifest protects the files and the
/// hash protects the manifest. Manifests of format 1 have no such member and are accepted without it.
/// </summary>
internal static class ManifestSeal
{
    public const int Format = 2;
    private const string Opening = "{\"sha256\":\"";
    private const int HashDigits = 64;

    public static byte[] Write(Manifest manifest)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(manifest, LabJson.Default.Manifest);
        // The hash covers the bytes from the quotation mark that closes it; a comma replaces the opening brace of the object.
        byte[] rest = [(byte)'"', (byte)',', .. json.AsSpan(1)];
        return [.. Encoding.ASCII.GetBytes(Opening + Hash(rest)), .. rest];
    }

    /// <param name="bytes">The contents of the file.</param>
    /// <param name="path">The path, for the message.</param>
    /// <exception cref="JsonException">The bytes are not a manifest, or they have changed.</exception>
    /// <exception cref="MfRae.Lab.Core.LabException">The manifest has a newer format, which this program cannot read.</exception>
    public static Manifest Read(ReadOnlySpan<byte> bytes, string path)
    {
        VersionedJson.RefuseNewer(path, bytes, Format);
        if (!bytes.StartsWith(Encoding.ASCII.GetBytes(Opening)))
        {
            return Parse(bytes) is { Format: < Format } old ? old : throw new JsonException("it does not begin with its hash");
        }

        var start = Opening.Length + HashDigits;
        if (bytes.Length <= start + 2 || !Encoding.ASCII.GetBytes(Hash(bytes[start..])).AsSpan().SequenceEqual(bytes[Opening.Length..start]))
        {
            throw new JsonException("it has changed: its bytes do not match the hash at its beginning");
        }

        return Parse([(byte)'{', .. bytes[(start + 2)..]]);
    }

    private static Manifest Parse(ReadOnlySpan<byte> json) =>
        VersionedJson.Read<Manifest>(json);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
