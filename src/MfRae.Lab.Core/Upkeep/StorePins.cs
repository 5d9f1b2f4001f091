using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Upkeep;

/// <summary>Stages that a user asked to keep, whoever needs them: an empty file `.pins/KEY` for each.</summary>
public sealed class StorePins(ArtifactStore store)
{
    private string Folder => Path.Combine(store.Root, ".pins");

    public IReadOnlyList<string> Keys() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(ArtifactName.IsKey).Order(StringComparer.Ordinal)]
        : [];

    /// <returns>The key.</returns>
    /// <exception cref="LabException">No stage of the store has a key that starts like this, or several have.</exception>
    public string Add(string prefix)
    {
        var key = UniquePrefix.Find(prefix, store.CompleteKeys().Concat(store.PartialKeys()), "stage of the store");
        Try(() =>
        {
            ArtifactStore.CreateFolder(Folder);
            File.WriteAllBytes(Path.Combine(Folder, key), []);
        });
        return key;
    }

    /// <returns>The key.</returns>
    /// <exception cref="LabException">No pin has a key that starts like this, or several have.</exception>
    public string Remove(string prefix)
    {
        var key = UniquePrefix.Find(prefix, Keys(), "pin");
        Try(() => File.Delete(Path.Combine(Folder, key)));
        return key;
    }

    private void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the store {store.Root} cannot be written: {e.Message}", e);
        }
    }
}
