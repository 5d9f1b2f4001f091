using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>`dropped.json` in the folder of a completed stage: the files that were dropped to save space and can be computed again.</summary>
internal static class DroppedRecord
{
    public const string Name = "dropped.json";
    private const int Format = 1;

    /// <summary>The record of a folder; empty without a record.</summary>
    /// <exception cref="LabException">A newer version of the program wrote the record, or it cannot be read.</exception>
    public static IReadOnlyList<DroppedFile> Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            VersionedJson.RefuseNewer(path, bytes, Format);
            return VersionedJson.Read<DroppedFiles>(bytes).Files;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: cannot read the record of dropped files: {e.Message}", e);
        }
    }

    /// <summary>The files of a manifest that are missing because they were dropped.</summary>
    /// <exception cref="LabException">As <see cref="Read"/>.</exception>
    public static IReadOnlyList<ManifestFile> Missing(Manifest manifest, string folder)
    {
        var dropped = Read(folder).Select(file => file.Name).ToHashSet();
        return dropped.Count == 0 ? [] : [.. manifest.Files.Where(file => dropped.Contains(file.Name)
            && StoredFiles.KindOf(manifest.Kind, file.Name) != StoredFileKinds.None && !File.Exists(Path.Combine(folder, file.Name)))];
    }

    /// <summary>Deletes files of a stage and records it. The times of the folder stay, so that it does not look recent.</summary>
    public static void Drop(string folder, IReadOnlyList<string> names, string reason, DateTimeOffset now)
    {
        var written = Directory.EnumerateFiles(folder).Select(File.GetLastWriteTimeUtc).Max();
        var earlier = Read(folder).Where(file => !names.Contains(file.Name));
        var record = new DroppedFiles(Format, [.. earlier, .. names.Select(name => new DroppedFile(name, now, reason))]);
        var path = Path.Combine(folder, Name);
        // The record comes first: a file that it lists and that exists was not deleted yet.
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(record, LabJson.Default.DroppedFiles));
        File.SetLastWriteTimeUtc(path, written);
        foreach (var name in names)
        {
            File.Delete(Path.Combine(folder, name));
        }

        Directory.SetLastWriteTimeUtc(folder, written);
    }
}
