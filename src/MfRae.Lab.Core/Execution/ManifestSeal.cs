using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MfRae.Lab.Core.Execution;

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
    /// <exception cref="Experiments.LabException">It is of a newer format: neither damaged nor to be read here.</exception>
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
