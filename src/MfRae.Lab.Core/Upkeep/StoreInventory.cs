using System.Text.Json;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Core.Upkeep;

/// <summary>Everything a store holds that can be deleted, with sizes and times.</summary>
internal sealed class StoreInventory(ArtifactStore store)
{
    public string TrashFolder => Path.Combine(store.Root, ".trash");

    public IReadOnlyList<SweepItem> Items() =>
    [
        .. store.CompleteKeys().Select(key => Item(SweepClass.Stage, store.CompleteFolder(key))),
        .. store.PartialKeys().Select(key => Item(SweepClass.Partial, store.PartialFolder(key))),
        .. Folders(store.BadFolder).Select(path => Item(SweepClass.SetAside, path)),
        .. Folders(Path.Combine(store.Root, "features")).Select(path => Item(SweepClass.Features, path)),
        .. Folders(TrashFolder).Select(path => Item(SweepClass.Leftover, path)),
    ];

    /// <summary>Keys of the stages that a stage was made from; none where its folder does not say.</summary>
    public IReadOnlyList<string> InputsOf(string key)
    {
        if (!ArtifactName.IsKey(key) || store.Find(key) is not { } folder)
        {
            return [];
        }

        // Read as plain JSON: a record of a version that knew other options still tells its inputs.
        return folder == store.CompleteFolder(key)
            ? Inputs(Path.Combine(folder, ArtifactStore.ManifestName), root => root.GetProperty("inputs"))
            : Inputs(Path.Combine(folder, ArtifactStore.SpecName), root => root.GetProperty("node").GetProperty("inputs"));
    }

    private static IReadOnlyList<string> Inputs(string path, Func<JsonElement, JsonElement> find)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. find(document.RootElement).EnumerateObject().Select(input => input.Value.GetString()).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }

    private static IEnumerable<string> Folders(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal) : [];

    private static SweepItem Item(SweepClass kind, string path)
    {
        var folder = new DirectoryInfo(path);
        long bytes = 0;
        var touched = folder.LastWriteTimeUtc;
        // A stage completes while this looks: its files then lie elsewhere, and the folder is no more to be swept than before.
        try
        {
            // Links are counted as links: what they point to is not the store's.
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var file in folder.EnumerateFiles("*", options))
            {
                bytes += file.Length;
                touched = file.LastWriteTimeUtc > touched ? file.LastWriteTimeUtc : touched;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            touched = DateTime.UtcNow;
        }

        return new(kind, path, folder.Name, bytes, touched);
    }
}
