using System.Security.Cryptography;
using System.Text.Json;

namespace MfRae.Lab.Core.Execution;

/// <summary>Compares the files of a folder with its manifest: all of them, each time.</summary>
internal static class ArtifactVerifier
{
    /// <exception cref="Experiments.LabException">A newer version of the program wrote the manifest.</exception>
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
