using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Shares equal large files of different stages: the later file becomes a hard link to the earlier one. Stages never change their files, and
/// the content is deleted with its last name.
/// </summary>
internal static class SharedContent
{
    // Smaller files are not worth a look at the other stages.
    private const long Least = 1 << 20;

    /// <summary>Replaces a file of an incomplete stage by a link if another stage of the same kind has an equal file.</summary>
    public static void Link(ArtifactStore store, StageNode node, ManifestFile file)
    {
        if (file.Size < Least || StoredFiles.KindOf(node.Kind, file.Name) == StoredFileKinds.None)
        {
            return;
        }

        foreach (var key in store.CompleteKeys())
        {
            var other = new FileInfo(Path.Combine(store.CompleteFolder(key), file.Name));
            if (key == node.Key || !other.Exists || other.Length != file.Size || !IsEqual(store, key, file))
            {
                continue;
            }

            var path = Path.Combine(store.PartialFolder(node.Key), file.Name);
            var aside = path + ".aside";
            if (HardLink.TryCreate(other.FullName, aside))
            {
                File.Move(aside, path, overwrite: true);
            }

            return;
        }
    }

    // The content is hashed again, because the other file may have been damaged since its manifest was written.
    private static bool IsEqual(ArtifactStore store, string key, ManifestFile file)
    {
        try
        {
            return store.ReadManifest(key).Files.Contains(file) && ArtifactVerifier.Describe(store.CompleteFolder(key), file.Name) == file;
        }
        catch (Exception e) when (e is LabException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
