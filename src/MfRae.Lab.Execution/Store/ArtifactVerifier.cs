using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>Compares the files of a folder with its manifest: all of them, each time.</summary>
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
            return new(key, [$"{ArtifactStore.ManifestName} is of another stage, {manifest.Key}"]);
        }

        return new(key, [.. manifest.Files.Select(file => Problem(folder, file, stop)).OfType<string>()]);
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
            return Hash(stream, stop) == expected.Sha256 ? null : $"{expected.Name} has changed: its SHA-256 is not that of the manifest";
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

/// <summary>What re-hashing a complete stage's files found.</summary>
/// <param name="Problems">One sentence each; empty where every file is as the manifest says.</param>
public sealed record ArtifactCheck(string Key, IReadOnlyList<string> Problems)
{
    public bool Ok => Problems.Count == 0;

    public override string ToString() => Ok ? "every file is as its manifest says" : string.Join("; ", Problems);
}

/// <summary>
/// The bytes of `manifest.json`. Its first member is the SHA-256 of all bytes that follow it: a manifest vouches for the files, and
/// this for the manifest. Manifests of format 1 have no such member and are taken as they are.
/// </summary>
internal static class ManifestSeal
{
    public const int Format = 2;
    private const string Opening = "{\"sha256\":\"";
    private const int HashDigits = 64;

    public static byte[] Write(Manifest manifest)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(manifest, LabJson.Default.Manifest);
        // From the quotation mark that closes the hash on: the object's own opening brace gives way to a comma.
        byte[] rest = [(byte)'"', (byte)',', .. json.AsSpan(1)];
        return [.. Encoding.ASCII.GetBytes(Opening + Hash(rest)), .. rest];
    }

    /// <param name="path">For the message.</param>
    /// <exception cref="JsonException">It is no manifest, or not as it was written.</exception>
    /// <exception cref="MfRae.Lab.Core.LabException">It is of a newer format: neither damaged nor to be read here.</exception>
    public static Manifest Read(ReadOnlySpan<byte> bytes, string path)
    {
        VersionedJson.RefuseNewer(path, bytes, Format);
        if (!bytes.StartsWith(Encoding.ASCII.GetBytes(Opening)))
        {
            return Parse(bytes) is { Format: < Format } old ? old : throw new JsonException("it does not begin with its own hash");
        }

        var start = Opening.Length + HashDigits;
        if (bytes.Length <= start + 2 || !Encoding.ASCII.GetBytes(Hash(bytes[start..])).AsSpan().SequenceEqual(bytes[Opening.Length..start]))
        {
            throw new JsonException("it has changed: its bytes do not have the hash that it begins with");
        }

        return Parse([(byte)'{', .. bytes[(start + 2)..]]);
    }

    private static Manifest Parse(ReadOnlySpan<byte> json) =>
        VersionedJson.Read<Manifest>(json);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
